// Success and failure for whoever does not look: two sounds and two ways to shake, beside the words.

let context = null;

/** Lets sounds be made; browsers want a tap first. */
export function wake() {
  try {
    context ??= new AudioContext();
    if (context.state === "suspended") void context.resume();
  } catch {
    // No sound here.
  }
}

/** One high tone. */
export function success() {
  tone(1_320, 0, 0.09);
  navigator.vibrate?.(60);
}

/** Two low tones. */
export function failure() {
  tone(220, 0, 0.14);
  tone(220, 0.2, 0.2);
  navigator.vibrate?.([120, 80, 120]);
}

function tone(hertz, after, seconds) {
  if (context?.state !== "running") return;
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.frequency.value = hertz;
  gain.gain.value = 0.2;
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(context.currentTime + after);
  oscillator.stop(context.currentTime + after + seconds);
}
