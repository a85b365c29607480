// The one policy of trusted types: a worker may start from a file of ours. Nothing makes markup or code of text, so that there
// is no policy for those, and the browser refuses both (see web/door/headers.py). Browsers without trusted types lose nothing.
const OURS = /^\/(?:static\/[^?#]+\.js|sw\.js)$/;

if (globalThis.trustedTypes && !trustedTypes.defaultPolicy) {
  trustedTypes.createPolicy("default", {
    createScriptURL(address) {
      const { href, origin, pathname } = new URL(address, location.href);
      if (origin !== location.origin || !OURS.test(pathname)) throw new TypeError(`worker: expected a script of ours, got ${href}`);
      return href;
    },
  });
}
