/**
 * Pixels as a PNG. Browsers encode canvases at leisure, a frame or more later, and some add noise to them; this takes
 * milliseconds, and the server is given what was drawn.
 */

const TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** A PNG of 8 bits, opaque, as a Blob; of `grey` pixels only the red is looked at. */
export async function png({ data, width, height }, grey) {
  const channels = grey ? 1 : 3;
  const rows = new Uint8Array(height * (1 + width * channels));
  for (let from = 0, to = 0; from < data.length; from += 4) {
    if ((from / 4) % width === 0) to++; // a row begins with its filter: none
    for (let channel = 0; channel < channels; channel++) rows[to++] = data[from + channel];
  }
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set([8, grey ? 0 : 2], 8);
  const signature = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [signature, chunk("IHDR", head), chunk("IDAT", await deflated(rows)), chunk("IEND", new Uint8Array())];
  return new Blob(parts, { type: "image/png" });
}

async function deflated(bytes) {
  const stream = new CompressionStream("deflate");
  const writer = stream.writable.getWriter();
  writer.write(bytes);
  writer.close();
  return new Uint8Array(await new Response(stream.readable).arrayBuffer());
}

/** Length, name, content and checksum. */
function chunk(name, content) {
  const made = new Uint8Array(12 + content.length);
  const view = new DataView(made.buffer);
  view.setUint32(0, content.length);
  made.set([...name].map((letter) => letter.charCodeAt(0)), 4);
  made.set(content, 8);
  let sum = 0xffffffff;
  for (let at = 4; at < made.length - 4; at++) sum = TABLE[(sum ^ made[at]) & 255] ^ (sum >>> 8);
  view.setUint32(made.length - 4, (sum ^ 0xffffffff) >>> 0);
  return made;
}
