// Colours of clusters: a few that can be told apart, given so that neighbours differ.

// Lightness and chroma for a light and a dark ground; hues of equal steps, two rings of them, the second one a little
// lighter and paler, so that even opposite neighbours of one hue differ.
const HUES = 11;
const RINGS = [
  { light: [0.58, 0.11], dark: [0.74, 0.1], turn: 0 },
  { light: [0.7, 0.085], dark: [0.62, 0.085], turn: 180 / HUES },
];

/** Red, green and blue, 0 to 255, of every colour in turn. */
export function palette(dark) {
  return RINGS.flatMap(({ light, dark: night, turn }) =>
    Array.from({ length: HUES }, (_, n) => fromOklch(...(dark ? night : light), (n * 360) / HUES + turn)),
  );
}

// B. Ottosson, A perceptual color space for image processing, 2020 (https://bottosson.github.io/posts/oklab/).
function fromOklch(lightness, chroma, hue) {
  const [a, b] = [chroma * Math.cos((hue * Math.PI) / 180), chroma * Math.sin((hue * Math.PI) / 180)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((part) => {
    const clipped = Math.min(Math.max(part, 0), 1);
    return Math.round(255 * (clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055));
  });
}

/**
 * Which colour each cluster has, by its id. The largest choose first; each takes the colour that differs most from
 * those of the clusters around it, the nearer the more it counts.
 */
export function colourOf(clusters) {
  const colours = palette(false).map(toOklab);
  const chosen = new Map();
  const uses = new Uint32Array(colours.length);
  const reach = 12000 ** 2;
  const placed = [];
  for (const cluster of [...clusters].sort((one, other) => other.papers - one.papers || one.id - other.id)) {
    let best = 0;
    let least = Infinity;
    for (let n = 0; n < colours.length; n++) {
      let cost = 0.02 * uses[n];
      for (const other of placed) {
        const away = (other.x - cluster.x) ** 2 + (other.y - cluster.y) ** 2;
        const alike = colours[n].reduce((sum, part, axis) => sum + (part - colours[other.colour][axis]) ** 2, 0);
        cost += Math.exp(-away / reach) / (alike + 0.001);
      }
      if (cost < least) [least, best] = [cost, n];
    }
    uses[best]++;
    placed.push({ x: cluster.x, y: cluster.y, colour: best });
    chosen.set(cluster.id, best);
  }
  return chosen;
}

function toOklab(rgb) {
  const [r, g, b] = rgb.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
