// The thread that verifies: it gets one job, tells how far it is, and gives the report. Whoever wants it stopped ends it.
import { type Job, type Message, run_job } from "./work.ts";

self.onmessage = ({ data }: MessageEvent<Job>) => {
  void run_job(data, (message: Message) => self.postMessage(message), () => false, false);
};
