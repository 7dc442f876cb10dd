"use strict";
// A hand and an object in WebGL, turned by mouse, finger or keys. No library, no network.

const COLOURS = { object: [0.42, 0.58, 0.8], hand: [0.87, 0.67, 0.53] };
const CREASE = { object: Math.cos((38 * Math.PI) / 180), hand: Math.cos((65 * Math.PI) / 180) };
const ELEVATION = (22 * Math.PI) / 180;
const FIELD_OF_VIEW = (26 * Math.PI) / 180;

const VERTEX_SHADER = `
attribute vec3 position;
attribute vec3 normal;
uniform mat4 clipFromObject;
uniform mat3 cameraFromObject;
varying vec3 normalCamera;
void main() {
  normalCamera = cameraFromObject * normal;
  gl_Position = clipFromObject * vec4(position, 1.0);
}`;

// Both sides are lit alike, so that a scan with a hole does not turn black inside.
const FRAGMENT_SHADER = `
precision mediump float;
uniform vec3 colour;
varying vec3 normalCamera;
void main() {
  vec3 n = normalize(normalCamera);
  if (!gl_FrontFacing) n = -n;
  float key = max(dot(n, normalize(vec3(-0.45, 0.6, 0.7))), 0.0);
  float fill = max(dot(n, normalize(vec3(0.7, -0.1, 0.6))), 0.0);
  float rim = smoothstep(0.0, 0.45, n.z);
  float shade = (0.46 + 0.52 * key + 0.16 * fill) * mix(0.6, 1.0, rim);
  gl_FragColor = vec4(min(colour * shade, 1.0), 1.0);
}`;

function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function unpackVertices(packed) {
  const steps = new Uint16Array(bytesOf(packed.data).buffer);
  const vertices = new Float32Array(steps.length);
  for (let i = 0; i < steps.length; i++) vertices[i] = packed.low[i % 3] + packed.step * steps[i];
  return vertices;
}

function unpackFaces(packed) {
  const buffer = bytesOf(packed.data).buffer;
  return packed.bits === 16 ? new Uint16Array(buffer) : new Uint32Array(buffer);
}

// Separate triangles whose corners take the mean normal of the faces around, except across edges
// sharper than the crease: skin looks smooth, a blade keeps its edge.
function surfaceOf(vertices, faces, crease) {
  const count = faces.length / 3;
  const faceNormals = new Float32Array(faces.length);
  const areas = new Float32Array(count);
  const starts = new Uint32Array(vertices.length / 3 + 1);
  for (let f = 0; f < count; f++) {
    const [a, b, c] = [3 * faces[3 * f], 3 * faces[3 * f + 1], 3 * faces[3 * f + 2]];
    const u = [0, 1, 2].map((k) => vertices[b + k] - vertices[a + k]);
    const v = [0, 1, 2].map((k) => vertices[c + k] - vertices[a + k]);
    const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    const length = Math.hypot(n[0], n[1], n[2]);
    areas[f] = length;
    for (let k = 0; k < 3; k++) faceNormals[3 * f + k] = length > 0 ? n[k] / length : 0;
    for (let k = 0; k < 3; k++) starts[faces[3 * f + k] + 1]++;
  }
  for (let i = 1; i < starts.length; i++) starts[i] += starts[i - 1];
  const around = new Uint32Array(faces.length);
  const filled = starts.slice();
  for (let i = 0; i < faces.length; i++) around[filled[faces[i]]++] = Math.floor(i / 3);

  const positions = new Float32Array(3 * faces.length);
  const normals = new Float32Array(3 * faces.length);
  for (let i = 0; i < faces.length; i++) {
    const own = 3 * Math.floor(i / 3);
    let [x, y, z] = [0, 0, 0];
    for (let j = starts[faces[i]]; j < starts[faces[i] + 1]; j++) {
      const g = 3 * around[j];
      const cosine = faceNormals[own] * faceNormals[g]
        + faceNormals[own + 1] * faceNormals[g + 1] + faceNormals[own + 2] * faceNormals[g + 2];
      if (cosine < crease) continue;
      const weight = areas[around[j]];
      x += weight * faceNormals[g];
      y += weight * faceNormals[g + 1];
      z += weight * faceNormals[g + 2];
    }
    const length = Math.hypot(x, y, z) || 1;
    normals.set([x / length, y / length, z / length], 3 * i);
    positions.set(vertices.subarray(3 * faces[i], 3 * faces[i] + 3), 3 * i);
  }
  return { positions, normals };
}

// Centre and radius of a small ball around all points: step towards the farthest, ever less
// (Badoiu and Clarkson, 2003).
function ballAround(arrays) {
  const centre = [...arrays[0].subarray(0, 3)];
  let radius = 0;
  for (let step = 2; step < 60; step++) {
    let far = [0, 0, 0];
    let most = -1;
    for (const points of arrays) {
      for (let i = 0; i < points.length; i += 3) {
        const [x, y, z] = [points[i] - centre[0], points[i + 1] - centre[1], points[i + 2] - centre[2]];
        const squared = x * x + y * y + z * z;
        if (squared > most) {
          most = squared;
          far = [x, y, z];
        }
      }
    }
    radius = Math.sqrt(most);
    if (step < 59) for (let k = 0; k < 3; k++) centre[k] += far[k] / step;
  }
  return [centre, radius];
}

class GraspView {
  constructor(canvas) {
    this.canvas = canvas;
    this.scene = null;
    this.pending = false;
    this.pointers = new Map();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this._prepare();
      if (this.scene) this._upload();
      this.draw();
    });
    new ResizeObserver(() => this.draw()).observe(canvas);
    this._prepare();
    this._listen();
  }

  get works() {
    return this.gl !== null;
  }

  // scene: {object: surface, hand: surface, azimuth}.
  show(scene) {
    this.scene = scene;
    [this.centre, this.radius] = ballAround([scene.object.positions, scene.hand.positions]);
    this._upload();
    this.reset();
  }

  reset() {
    this.azimuth = this.scene ? this.scene.azimuth : 0;
    this.elevation = ELEVATION;
    this.zoom = 1;
    this.draw();
  }

  turn(right, up) {
    this.azimuth -= right;
    this.elevation = Math.max(-1.5, Math.min(1.5, this.elevation + up));
    this.draw();
  }

  closer(factor) {
    this.zoom = Math.max(0.6, Math.min(4, this.zoom * factor));
    this.draw();
  }

  draw() {
    if (this.pending || !this.gl || !this.scene) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this._draw();
    });
  }

  _prepare() {
    const gl = this.canvas.getContext("webgl", { antialias: true, preserveDrawingBuffer: true });
    this.gl = gl;
    if (!gl) return;
    const program = gl.createProgram();
    for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX_SHADER], [gl.FRAGMENT_SHADER, FRAGMENT_SHADER]]) {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
      this.gl = null;
      return;
    }
    gl.useProgram(program);
    gl.enable(gl.DEPTH_TEST);
    gl.clearColor(1, 1, 1, 1);
    this.attributes = ["position", "normal"].map((name) => gl.getAttribLocation(program, name));
    this.uniforms = {};
    for (const name of ["clipFromObject", "cameraFromObject", "colour"]) {
      this.uniforms[name] = gl.getUniformLocation(program, name);
    }
    this.attributes.forEach((place) => gl.enableVertexAttribArray(place));
    this.buffers = { object: [gl.createBuffer(), gl.createBuffer()], hand: [gl.createBuffer(), gl.createBuffer()] };
  }

  _upload() {
    const gl = this.gl;
    if (!gl) return;
    for (const name of ["object", "hand"]) {
      const surface = this.scene[name];
      [surface.positions, surface.normals].forEach((array, k) => {
        gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name][k]);
        gl.bufferData(gl.ARRAY_BUFFER, array, gl.STATIC_DRAW);
      });
    }
  }

  _draw() {
    const gl = this.gl;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.round(this.canvas.clientWidth * ratio);
    const height = Math.round(this.canvas.clientHeight * ratio);
    if (!width || !height || gl.isContextLost()) return;
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    gl.viewport(0, 0, width, height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);

    const [ca, sa] = [Math.cos(this.azimuth), Math.sin(this.azimuth)];
    const [ce, se] = [Math.cos(this.elevation), Math.sin(this.elevation)];
    const back = [ce * ca, ce * sa, se];
    const right = [-sa, ca, 0];
    const up = [-se * ca, -se * sa, ce];
    const half = Math.tan(FIELD_OF_VIEW / 2);
    const aspect = width / height;
    // The whole sphere around the scene fits into the narrower direction.
    const narrow = Math.atan(half * Math.min(1, aspect));
    const distance = (1.02 * this.radius) / Math.sin(narrow) / this.zoom;
    const near = Math.max(distance - 1.2 * this.radius, 0.02 * this.radius);
    const far = distance + 1.2 * this.radius;
    const [fx, fy] = [1 / (half * aspect), 1 / half];
    const [p, q] = [-(far + near) / (far - near), (-2 * far * near) / (far - near)];
    const dot = (axis) => axis[0] * this.centre[0] + axis[1] * this.centre[1] + axis[2] * this.centre[2];
    const [tx, ty, tz] = [-dot(right), -dot(up), -dot(back) - distance];
    // Columns of the projection times the camera's transform.
    const columns = [];
    for (let k = 0; k < 3; k++) columns.push(fx * right[k], fy * up[k], p * back[k], -back[k]);
    columns.push(fx * tx, fy * ty, p * tz + q, -tz);
    gl.uniformMatrix4fv(this.uniforms.clipFromObject, false, columns);
    const rotation = [];
    for (let k = 0; k < 3; k++) rotation.push(right[k], up[k], back[k]);
    gl.uniformMatrix3fv(this.uniforms.cameraFromObject, false, rotation);

    for (const name of ["object", "hand"]) {
      this.buffers[name].forEach((buffer, k) => {
        gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
        gl.vertexAttribPointer(this.attributes[k], 3, gl.FLOAT, false, 0, 0);
      });
      gl.uniform3fv(this.uniforms.colour, COLOURS[name]);
      gl.drawArrays(gl.TRIANGLES, 0, this.scene[name].positions.length / 3);
    }
  }

  _listen() {
    const canvas = this.canvas;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    }
    canvas.addEventListener("pointermove", (event) => {
      const before = this.pointers.get(event.pointerId);
      if (!before) return;
      const now = [event.clientX, event.clientY];
      if (this.pointers.size === 1) {
        this.turn((now[0] - before[0]) * 0.01, (now[1] - before[1]) * 0.01);
      } else {
        const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
        const other = others[0][1];
        const apart = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]) || 1;
        this.closer(apart(now) / apart(before));
      }
      this.pointers.set(event.pointerId, now);
    });
    // Without focus the wheel scrolls the page as everywhere else.
    canvas.addEventListener("wheel", (event) => {
      if (document.activeElement !== canvas) return;
      event.preventDefault();
      this.closer(Math.exp(-Math.sign(event.deltaY) * 0.12));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const name = {
        ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down",
        "+": "in", "=": "in", "-": "out", "0": "reset", Home: "reset",
      }[event.key];
      if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.step(name);
    });
  }

  // One press of a key or button.
  step(name) {
    const angle = Math.PI / 12;
    if (name === "left") this.turn(-angle, 0);
    if (name === "right") this.turn(angle, 0);
    if (name === "up") this.turn(0, angle);
    if (name === "down") this.turn(0, -angle);
    if (name === "in") this.closer(1.2);
    if (name === "out") this.closer(1 / 1.2);
    if (name === "reset") this.reset();
  }
}
