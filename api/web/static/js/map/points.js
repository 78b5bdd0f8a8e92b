// Draws the points with WebGL2: all of them in one call, then the answer on top. Nothing is sent to the graphics
// processor for a frame but where the map lies.

const POINT_VERTEX = `#version 300 es
layout(location = 0) in uvec4 point; // x, y, cluster
uniform vec4 place; // scale and offset of places, to clip space
uniform float size;
uniform sampler2D palette;
flat out vec3 tint;
void main() {
  gl_Position = vec4(vec2(point.xy) * place.xy + place.zw, 0.0, 1.0);
  gl_PointSize = size + 1.0;
  tint = texelFetch(palette, ivec2(min(int(point.z), textureSize(palette, 0).x - 1), 0), 0).rgb;
}`;
const POINT_FRAGMENT = `#version 300 es
precision highp float;
uniform float size;
uniform float strength;
flat in vec3 tint;
out vec4 colour;
void main() {
  float away = length(gl_PointCoord - 0.5) * (size + 1.0);
  colour = vec4(tint, 1.0) * (clamp(size * 0.5 - away + 0.5, 0.0, 1.0) * strength);
}`;
const LIT_VERTEX = `#version 300 es
layout(location = 0) in vec3 point; // x, y, size in pixels of the screen
uniform vec4 place;
uniform float density;
flat out float size;
void main() {
  gl_Position = vec4(point.xy * place.xy + place.zw, 0.0, 1.0);
  size = point.z * density;
  gl_PointSize = size + 1.0;
}`;
const LIT_FRAGMENT = `#version 300 es
precision highp float;
uniform vec3 accent;
uniform vec3 ground;
uniform float density;
flat in float size;
out vec4 colour;
void main() {
  float away = length(gl_PointCoord - 0.5) * (size + 1.0);
  float outer = clamp(size * 0.5 - away + 0.5, 0.0, 1.0);
  float gap = clamp(size * 0.5 - 1.5 * density - away + 0.5, 0.0, 1.0);
  float inner = clamp(size * 0.5 - 3.0 * density - away + 0.5, 0.0, 1.0);
  colour = vec4(mix(mix(accent, ground, gap), accent, inner), 1.0) * outer;
}`;

export class Points {
  /** `null` where there is no WebGL2. */
  static on(canvas) {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, powerPreference: "low-power" });
    return gl && new Points(gl);
  }

  constructor(gl) {
    this.gl = gl;
    this.count = this.litCount = 0;
    this.start();
  }

  /** Anew also after the graphics processor has lost everything. */
  start() {
    const gl = this.gl;
    this.plain = programOf(gl, POINT_VERTEX, POINT_FRAGMENT, ["place", "size", "strength"]);
    this.lit = programOf(gl, LIT_VERTEX, LIT_FRAGMENT, ["place", "density", "accent", "ground"]);
    this.palette = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    for (const [name, value] of [[gl.TEXTURE_MIN_FILTER, gl.NEAREST], [gl.TEXTURE_MAG_FILTER, gl.NEAREST]]) gl.texParameteri(gl.TEXTURE_2D, name, value);
    this.all = arrayOf(gl, () => gl.vertexAttribIPointer(0, 4, gl.UNSIGNED_SHORT, 8, 0));
    this.found = arrayOf(gl, () => gl.vertexAttribPointer(0, 3, gl.FLOAT, false, 12, 0));
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA); // colours come multiplied with their alpha
  }

  /** In an order in which any beginning is a fair sample, and no region lies above another. */
  setPoints(xs, ys, groups) {
    const packed = new Uint16Array(xs.length * 4);
    const step = strideOf(xs.length);
    for (let n = 0, at = 0; n < xs.length; n++, at = (at + step) % xs.length) {
      packed[n * 4] = xs[at];
      packed[n * 4 + 1] = ys[at];
      packed[n * 4 + 2] = groups[at];
    }
    this.fill(this.all, packed);
    this.count = xs.length;
  }

  /** Places and sizes in pixels, in the order in which they are drawn. */
  setLit(points) {
    this.fill(this.found, new Float32Array(points.flat()));
    this.litCount = points.length;
  }

  fill(array, content) {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, array.buffer);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, content, this.gl.STATIC_DRAW);
  }

  /** `colours` are red, green and blue of each cluster, 0 to 255; the last is for points of none. */
  setColours(colours, ground, accent) {
    const gl = this.gl;
    const pixels = new Uint8Array(colours.flatMap((colour) => [...colour, 255]));
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, colours.length, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    this.ground = ground.map((part) => part / 255);
    this.accent = accent.map((part) => part / 255);
  }

  /** `size` in pixels; `strength` is how much a single point covers, `share` how many are drawn, from 0 to 1. */
  draw(view, density, size, strength, share) {
    const gl = this.gl;
    const [width, height] = [gl.canvas.width, gl.canvas.height];
    const across = (2 * view.scale) / view.width;
    const down = (-2 * view.scale) / view.height;
    const middle = (2 * view.midX) / view.width - 1;
    const place = [across, down, middle - view.cx * across, -view.cy * down];
    gl.viewport(0, 0, width, height);
    gl.clearColor(...this.ground, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(this.plain.program);
    gl.uniform4fv(this.plain.place, place);
    gl.uniform1f(this.plain.size, size * density);
    gl.uniform1f(this.plain.strength, strength);
    gl.bindVertexArray(this.all.array);
    gl.drawArrays(gl.POINTS, 0, Math.ceil(this.count * share));
    if (!this.litCount) return;
    gl.useProgram(this.lit.program);
    gl.uniform4fv(this.lit.place, place);
    gl.uniform1f(this.lit.density, density);
    gl.uniform3fv(this.lit.accent, this.accent);
    gl.uniform3fv(this.lit.ground, this.ground);
    gl.bindVertexArray(this.found.array);
    gl.drawArrays(gl.POINTS, 0, this.litCount);
  }
}

/** A step without a common divisor with `count`, near to the golden section of it: it leads past every number. */
function strideOf(count) {
  const divisor = (one, other) => (other ? divisor(other, one % other) : one);
  let step = Math.max(Math.round(count * 0.6180339887), 1);
  while (divisor(count, step) > 1) step++;
  return step;
}

function arrayOf(gl, describe) {
  const array = gl.createVertexArray();
  const buffer = gl.createBuffer();
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.enableVertexAttribArray(0);
  describe();
  return { array, buffer };
}

function programOf(gl, vertex, fragment, uniforms) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(program));
  return { program, ...Object.fromEntries(uniforms.map((name) => [name, gl.getUniformLocation(program, name)])) };
}
