// Checks a file beside the page, which goes on answering meanwhile.
import { inspect } from "./inspect.js";

addEventListener("message", async ({ data: { bytes, trust, checkpoints } }) => {
  try {
    const progress = (done, total) => postMessage({ progress: { done, total } });
    postMessage({ inspected: await inspect(bytes, { trust, checkpoints, progress }) });
  } catch (error) {
    postMessage({ failed: `${error?.name}: ${error?.message}` }); // a fault of the program: no verdict
  }
});
