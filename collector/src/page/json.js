// JSON with line breaks and indentation. Its tokens stay as they are: 1.0 is not 1, and a number of
// twenty digits keeps all of them.

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/gsu;

/** A number that JavaScript cannot hold as it was written: 1.0, twenty digits, eight zeros behind a point. */
export class Exact {
  constructor(text) {
    this.text = text;
  }
}

/** A JSON text as values, in which every number is as it was written: itself, or `Exact`. */
export function parse(text) {
  const whole = JSON.parse(text);
  const tokens = Array.from(text.matchAll(TOKENS), ([token]) => token);
  return tokens.some((token) => numberOf(token) instanceof Exact) ? read(tokens) : whole;
}

function numberOf(token) {
  if (!/^[-0-9]/.test(token)) return undefined;
  return String(Number(token)) === token ? Number(token) : new Exact(token);
}

/** The value of these tokens, which are known to be of one. */
function read(tokens) {
  let next = 0;
  const value = () => {
    const token = tokens[next];
    next += 1;
    if (token === "{") return object();
    if (token === "[") return array();
    return numberOf(token) ?? JSON.parse(token);
  };
  const until = (end, take) => {
    while (tokens[next] !== end) {
      if (tokens[next] === ",") next += 1;
      else take();
    }
    next += 1;
  };
  const object = () => {
    const made = {};
    until("}", () => {
      const name = JSON.parse(tokens[next]);
      next += 2;
      // Not by assignment, which takes a member `__proto__` for something else.
      Object.defineProperty(made, name, { value: value(), configurable: true, enumerable: true, writable: true });
    });
    return made;
  };
  const array = () => {
    const made = [];
    until("]", () => made.push(value()));
    return made;
  };
  return value();
}

/** A value as JSON, with its numbers as they were written. */
export function written(value) {
  if (value instanceof Exact) return value.text;
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  return `{${Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${written(inner)}`).join(",")}}`;
}

/** Characters that are indented: an event may have 32 million, and is then shown as it is. */
const INDENTED_MAX = 2_000_000;

export function indented(text) {
  if (text.length > INDENTED_MAX) return text;
  let depth = 0;
  let written = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  let opened = false;
  for (const [token] of text.matchAll(TOKENS)) {
    const closes = token === "}" || token === "]";
    if (closes) depth -= 1;
    // Nothing stands between the brackets of what is empty.
    if (closes ? !opened : opened) written += line();
    opened = token === "{" || token === "[";
    if (opened) depth += 1;
    written += token;
    if (token === ",") written += line();
    if (token === ":") written += " ";
  }
  return written;
}
