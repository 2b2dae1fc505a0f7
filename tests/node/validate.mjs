// Reads an AsyncAPI document from standard input and writes what the parser has to say about it, one line per finding.
import { Parser } from "@asyncapi/parser";

let text = "";
for await (const part of process.stdin) text += part;
const { document, diagnostics } = await new Parser().parse(text);
for (const { severity, path, message } of diagnostics) {
  console.log(`${["error", "warning", "information", "hint"][severity]} ${path.join("/")}: ${message}`);
}
if (document) console.log(`read ${document.channels().length} channels, ${document.operations().length} operations`);
