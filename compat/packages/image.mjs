// A picture that compresses neither too well nor too badly.
function pixels(width, height) {
  const bytes = Buffer.alloc(width * height * 4, 255);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) bytes.set([x & 255, (x * y) & 255, (x ^ y) & 255], (y * width + x) * 4);
  }
  return bytes;
}

export default {
  packages: ['@napi-rs/image', '@napi-rs/image-wasm32-wasi'],
  task: 'resizes a picture and encodes it as PNG, JPEG and WebP at once, on threads',

  async run() {
    const { Transformer } = (await import('@napi-rs/image')).default;
    const source = pixels(640, 480);
    const picture = () => Transformer.fromRgbaPixels(source, 640, 480).resize(320, 240);
    const encoded = await Promise.all([picture().png(), picture().jpeg(80), picture().webp(75)]);
    return Buffer.concat(encoded);
  },
};
