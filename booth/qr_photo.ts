// Reads a QR code from a photograph, where the browser can by itself (Shape Detection API): no camera is asked for.

interface Detector {
  detect(image: ImageBitmapSource): Promise<{ rawValue: string }[]>;
}

/** Nothing where there is none, or no picture. */
export async function qr_text(photo: Blob): Promise<string | undefined> {
  const { BarcodeDetector } = globalThis as { BarcodeDetector?: new (options: { formats: string[] }) => Detector };
  if (!BarcodeDetector) return undefined;
  try {
    const found = await new BarcodeDetector({ formats: ["qr_code"] }).detect(await createImageBitmap(photo));
    return found[0]?.rawValue;
  } catch {
    return undefined;
  }
}
