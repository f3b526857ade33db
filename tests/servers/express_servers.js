// Applications on Express that read prompts, each on a port of its own.
//
// `json` parses as Express does by default, but for the limit, which those who serve models raise.
// `any` parses whatever comes, forms too, on any path and with any method.
// Arguments: the file for what was read, and the file for the ports.

"use strict";

const { appendFileSync } = require("node:fs");
const express = require("express");

const [reads, ports] = process.argv.slice(2);

const PATHS = [
  "/v1/chat/completions",
  "/chat/completions",
  "/openai/v1/chat/completions",
  "/openai/deployments/d/chat/completions",
  "/v1/completions",
  "/v1/messages",
  "/api/chat",
  "/api/generate",
  "/generate",
  "/completion",
  "/invocations",
];

const ANSWER = {
  id: "chatcmpl-1",
  object: "chat.completion",
  model: "m-1",
  choices: [
    { index: 0, message: { role: "assistant", content: "Read." }, finish_reason: "stop" },
  ],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};

// The words of a message's content: a string, parts, or one part.
function text(content) {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(text).filter(Boolean).join("\n");
  return content ? text(content.text) : "";
}

function prompt(body) {
  if (Array.isArray(body?.messages)) {
    return body.messages.map((message) => text(message?.content)).join("\n");
  }
  return body?.prompt ?? body?.inputs;
}

function answer(server) {
  return (request, response) => {
    const read = prompt(request.body);
    if (typeof read === "string") {
      const line = { server, way: request.headers["x-way"], prompt: read.toWellFormed() };
      appendFileSync(reads, JSON.stringify(line) + "\n");
    }
    response.json(ANSWER);
  };
}

function json() {
  const app = express();
  app.use(express.json({ limit: "64mb" }));
  app.post(PATHS, answer("express-json"));
  return app;
}

function any() {
  const app = express();
  app.use(express.urlencoded({ extended: true, limit: "64mb" }));
  app.use(express.json({ type: () => true, strict: false, limit: "64mb" }));
  app.use(answer("express-any"));
  return app;
}

for (const [name, app] of [["express-json", json()], ["express-any", any()]]) {
  // What cannot be read is answered without a stack in the log.
  app.use((error, request, response, next) => response.status(400).json({ error: {} }));
  const server = app.listen(0, "127.0.0.1", () => {
    appendFileSync(ports, `${name} ${server.address().port}\n`);
  });
  server.keepAliveTimeout = 600_000;
}
