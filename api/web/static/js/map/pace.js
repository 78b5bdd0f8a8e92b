// How many of the points are drawn while the map is moved: all, unless this machine is too slow for that. Where it is,
// a fair sample keeps the map at the hand, and all are drawn as soon as it rests.

const ONE_MOVEMENT = 400; // milliseconds; frames further apart are not of one movement
const SLOW = 45; // milliseconds from frame to frame from which fewer are drawn
const QUICK = 22; // and up to which more are
const LEAST = 0.08; // of all points
const SETTLING = 4; // frames after a change before it is judged
const REST = 140; // milliseconds without a frame after which all are drawn

export class Pace {
  /** `rest` is called to have all points drawn. */
  constructor(rest) {
    this.rest = rest;
    this.share = 1;
    this.start(0);
  }

  start(now) {
    this.began = this.last = now;
    this.frames = 0;
  }

  /** The share of points to draw in a frame at `now`, in which the map has moved. */
  next(now) {
    clearTimeout(this.resting);
    if (now - this.last > ONE_MOVEMENT) this.start(now);
    this.last = now;
    const mean = this.frames ? (now - this.began) / this.frames : 0;
    if (this.frames++ >= SETTLING) {
      if (mean > SLOW && this.share > LEAST) this.change(now, Math.max(this.share / 2, LEAST));
      else if (mean < QUICK && this.share < 1) this.change(now, Math.min(this.share * 1.4, 1));
      else if (this.frames > 4 * SETTLING) this.start(now);
    }
    if (this.share < 1) this.resting = setTimeout(this.rest, REST);
    return this.share;
  }

  change(now, share) {
    this.share = share;
    this.start(now);
  }
}
