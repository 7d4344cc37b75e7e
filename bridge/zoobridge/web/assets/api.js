// Asking the page's own server; nobody else is ever asked.

export class ApiError extends Error {
  constructor({ message, reason }, status) {
    super(message);
    this.reason = reason;
    this.status = status;
  }
}

const watchers = new Set();
/** Call a function whenever it turns out that the server answers, or does not. */
export function onReachable(action) {
  watchers.add(action);
}
function reachable(problem) {
  for (const action of watchers) action(problem);
}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: options.cache ?? "default", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    const problem = "the page's process does not answer; is zoobridge web still running?";
    reachable(problem);
    throw new ApiError({ message: problem, reason: "PAGE" }, 0);
  }
  if (answer.ok) return answer;
  const found = await answer.json().catch(() => ({}));
  const error = new ApiError(found.error ?? { message: `status ${answer.status}`, reason: "STATUS" }, answer.status);
  if (error.reason === "SERVER_UNAVAILABLE") reachable(error.message);
  if (error.reason === "SESSION") window.dispatchEvent(new Event("session-lost"));
  throw error;
}

export async function get(path, options) {
  return (await ask(path, options)).json();
}

export async function post(path, body, options = {}) {
  const headers = { "content-type": "application/json" };
  return (await ask(path, { method: "POST", headers, body: JSON.stringify(body ?? {}), ...options })).json();
}

export async function remove(path) {
  return (await ask(path, { method: "DELETE" })).json();
}

export async function blob(path, options) {
  return (await ask(path, options)).blob();
}

/** Send a file as it is. */
export async function upload(file, name, label = "", options = {}) {
  const words = new URLSearchParams({ name, label });
  return (await ask(`api/pictures?${words}`, { method: "POST", body: file, ...options })).json();
}

/** Yield the events of an answer that comes line by line. */
export async function* stream(path, options) {
  const answer = await ask(path, options);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    while (true) {
      const { value, done } = await reader.read();
      if (done) break;
      const parts = (rest + value).split("\n");
      rest = parts.pop();
      for (const part of parts) if (part) yield JSON.parse(part);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

export function streamPost(path, body, signal) {
  const headers = { "content-type": "application/json" };
  return stream(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}
