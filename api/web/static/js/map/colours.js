// Colours of clusters: a hue for each coarse one, shades of it for the fine ones in it, so that the map of the whole shows
// the regions that are named there; given so that neighbours differ.

const HUES = 11; // of equal steps
// Lightness, chroma and what is added to the hue in degrees, on a light and on a dark ground.
const SHADES = [
  { light: [0.6, 0.115, 0], dark: [0.72, 0.1, 0] },
  { light: [0.7, 0.095, 7], dark: [0.63, 0.095, 7] },
  { light: [0.51, 0.11, -7], dark: [0.8, 0.085, -7] },
];
const SPENT = { hue: 1000, shade: 0.02 }; // what it costs to give a colour once more: hues are not, while there are others
const REACH = 12000; // places from one cluster to another at which they are no longer neighbours

/** Red, green and blue, 0 to 255, of every colour: the shades of the first hue, of the second, and so on. */
export function palette(dark) {
  return Array.from({ length: HUES }, (_, hue) => hue * (360 / HUES)).flatMap((hue) =>
    SHADES.map((shade) => {
      const [lightness, chroma, turn] = dark ? shade.dark : shade.light;
      return fromOklch(lightness, chroma, hue + turn);
    }),
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

/** Which colour each cluster has, by its id: coarse ones the middle shade of a hue, fine ones a shade of their parent's. */
export function colourOf(clusters) {
  const every = [...palette(false).keys()];
  const coarse = given(clusters.filter(({ level }) => !level), () => every.filter((colour) => colour % SHADES.length === 0), SPENT.hue);
  const shades = ({ parent }) => {
    const first = coarse.get(parent);
    return first === undefined ? every : every.slice(first, first + SHADES.length);
  };
  return new Map([...coarse, ...given(clusters.filter(({ level }) => level), shades, SPENT.shade)]);
}

/**
 * The largest choose first; each takes the colour, of those that are `open` to it, that differs most from those of the
 * clusters around it, the nearer the more it counts.
 */
function given(clusters, open, spent) {
  const colours = palette(false).map(toOklab);
  const uses = new Uint32Array(colours.length);
  const placed = [];
  for (const cluster of [...clusters].sort((one, other) => other.papers - one.papers || one.id - other.id)) {
    const cost = (colour) =>
      placed.reduce((sum, other) => {
        const away = (other.x - cluster.x) ** 2 + (other.y - cluster.y) ** 2;
        const alike = colours[colour].reduce((all, part, axis) => all + (part - colours[other.colour][axis]) ** 2, 0);
        return sum + Math.exp(-away / REACH ** 2) / (alike + 0.001);
      }, spent * uses[colour]);
    const costs = open(cluster).map((colour) => [colour, cost(colour)]);
    const [best] = costs.reduce((least, each) => (each[1] < least[1] ? each : least));
    uses[best]++;
    placed.push({ id: cluster.id, x: cluster.x, y: cluster.y, colour: best });
  }
  return new Map(placed.map(({ id, colour }) => [id, colour]));
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
