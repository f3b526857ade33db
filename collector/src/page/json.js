// JSON with line breaks and indentation. Its tokens stay as they are: 1.0 is not 1, and a number of
// twenty digits keeps all of them.

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/gsu;

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
