#include <pango/pangocairo.h>

#include <cmath>
#include <memory>
#include <numbers>
#include <stdexcept>

#include "base/result.hpp"
#include "identity/captcha.hpp"

// What sanitizers would report of libraries that were built without them. Fontconfig keeps its
// caches until the process ends (memory does not grow with the number of images); Cairo and GLib
// lock with atomics that ThreadSanitizer cannot see. Weak hooks of the sanitizers' run-time, unused
// in other builds.
// NOLINTBEGIN(bugprone-reserved-identifier): their names are the sanitizers'
extern "C" {
const char* __lsan_default_suppressions();
const char* __tsan_default_suppressions();
const char* __lsan_default_suppressions() {
  // libcjose 0.6.2 forgets one byte of each token that it cannot decrypt; only the provider sends
  // any.
  return "leak:libfontconfig\nleak:libcjose\n";
}
const char* __tsan_default_suppressions() {
  return "race:libcairo\nrace:libpango\nrace:libglib\nrace:libgobject\nrace:libfontconfig\n"
         "race:libharfbuzz\nrace:libfreetype\nrace:libpixman\nmutex:libfontconfig\n";
}
}
// NOLINTEND(bugprone-reserved-identifier)

namespace isoloir {
namespace {

constexpr int density = 2;  // image pixels to a CSS pixel

template <auto destroy>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    destroy(object);
  }
};
using Surface = std::unique_ptr<cairo_surface_t, Deleter<cairo_surface_destroy>>;
using Context = std::unique_ptr<cairo_t, Deleter<cairo_destroy>>;
using Path = std::unique_ptr<cairo_path_t, Deleter<cairo_path_destroy>>;
using Layout = std::unique_ptr<PangoLayout, Deleter<g_object_unref>>;
using Font = std::unique_ptr<PangoFontDescription, Deleter<pango_font_description_free>>;

double between(Random& random, double low, double high) {
  return low + (high - low) * random.below(1u << 16) / (1u << 16);
}

// A slow wave that bends whole strokes and leaves their edges smooth.
struct Wave {
  double amplitude;
  double length;
  double phase;
  double at(double position) const {
    return amplitude * std::sin(2 * std::numbers::pi * position / length + phase);
  }
};

Wave random_wave(Random& random) {
  return {between(random, 2.0, 3.0), between(random, 55, 90), between(random, 0, 6.28)};
}

void bend(cairo_t* cairo, const Wave& across, const Wave& down) {
  const Path path(cairo_copy_path_flat(cairo));
  if (path->status != CAIRO_STATUS_SUCCESS) throw std::runtime_error("captcha: no path");
  for (int i = 0; i < path->num_data; i += path->data[i].header.length) {
    for (int k = 1; k < path->data[i].header.length; ++k) {
      auto& point = path->data[i + k].point;
      const double x = point.x;
      point.x += down.at(point.y);
      point.y += across.at(x);
    }
  }
  cairo_new_path(cairo);
  cairo_append_path(cairo, path.get());
}

void trace_digit(cairo_t* cairo, char digit, double centre, Random& random) {
  const Layout layout(pango_cairo_create_layout(cairo));
  const Font font(pango_font_description_from_string("DejaVu Sans,sans-serif Bold"));
  // One size for all, scaled below: Pango keeps every size it has met, at 2 ms each.
  pango_font_description_set_absolute_size(font.get(), 48 * PANGO_SCALE);
  pango_layout_set_font_description(layout.get(), font.get());
  pango_layout_set_text(layout.get(), &digit, 1);
  if (pango_layout_get_unknown_glyphs_count(layout.get()) != 0) {
    throw std::runtime_error("captcha: no font has the digits; install fonts-dejavu-core");
  }
  PangoRectangle ink;
  pango_layout_get_pixel_extents(layout.get(), &ink, nullptr);
  cairo_save(cairo);
  cairo_translate(cairo, centre + between(random, -4, 4),
                  captcha_height / 2.0 + between(random, -5, 5));
  cairo_rotate(cairo, between(random, -0.24, 0.24));
  const double scale = between(random, 0.94, 1.05);
  cairo_scale(cairo, scale, scale);
  cairo_move_to(cairo, -ink.x - ink.width / 2.0, -ink.y - ink.height / 2.0);
  pango_cairo_layout_path(cairo, layout.get());
  cairo_restore(cairo);
}

// Pale specks and two pale lines behind the digits, and a thin light line across them: enough to
// break segmentation by columns, never enough to hide a stroke.
void draw_background(cairo_t* cairo, Random& random) {
  cairo_set_source_rgb(cairo, 0.97, 0.97, 0.95);
  cairo_paint(cairo);
  for (int i = 0; i < 90; ++i) {
    const double shade = between(random, 0.72, 0.88);
    cairo_set_source_rgb(cairo, shade, shade, shade);
    cairo_arc(cairo, between(random, 0, captcha_width), between(random, 0, captcha_height),
              between(random, 0.5, 1.6), 0, 2 * std::numbers::pi);
    cairo_fill(cairo);
  }
}

void draw_curve(cairo_t* cairo, double width, double shade, Random& random) {
  cairo_set_source_rgb(cairo, shade, shade, shade);
  cairo_set_line_width(cairo, width);
  cairo_move_to(cairo, 0, between(random, 10, captcha_height - 10));
  cairo_curve_to(cairo, captcha_width / 3.0, between(random, 0, captcha_height),
                 captcha_width * 2 / 3.0, between(random, 0, captcha_height), captcha_width,
                 between(random, 10, captcha_height - 10));
  cairo_stroke(cairo);
}

cairo_status_t append_png(void* closure, const unsigned char* data, unsigned int length) {
  append(*static_cast<Bytes*>(closure), ByteView(data, length));
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

Bytes captcha_png(std::string_view digits, Random& random) {
  ISOLOIR_ASSERT(digits.size() == captcha_length &&
                 digits.find_first_not_of("0123456789") == std::string_view::npos);
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, captcha_width * density,
                                                   captcha_height * density));
  const Context cairo(cairo_create(surface.get()));
  cairo_scale(cairo.get(), density, density);

  draw_background(cairo.get(), random);
  draw_curve(cairo.get(), 2.0, 0.75, random);
  draw_curve(cairo.get(), 2.0, 0.75, random);
  const double pitch = 44;
  const double first = (captcha_width - pitch * (captcha_length - 1)) / 2;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    trace_digit(cairo.get(), digits[i], first + pitch * static_cast<double>(i), random);
  }
  const Wave across = random_wave(random);
  const Wave down = random_wave(random);
  bend(cairo.get(), across, down);
  cairo_set_source_rgb(cairo.get(), 0.08, 0.10, 0.25);
  cairo_fill(cairo.get());
  draw_curve(cairo.get(), 0.8, 0.97, random);
  draw_curve(cairo.get(), 0.8, 0.08, random);

  Bytes png;
  if (cairo_status(cairo.get()) != CAIRO_STATUS_SUCCESS ||
      cairo_surface_write_to_png_stream(surface.get(), append_png, &png) != CAIRO_STATUS_SUCCESS) {
    throw std::runtime_error("captcha: the image cannot be drawn");
  }
  return png;
}

}  // namespace isoloir
