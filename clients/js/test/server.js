// A stock socket.io server that speaks the gateway's protocol over streams in memory, with knobs for everything that goes wrong.
import { createServer } from "node:http";
import { Server } from "socket.io";

export class FakeGateway {
  streams = new Map([["news", []]]);
  pulls = [];
  tokens = [];
  refreshed = [];
  acks = [];
  refusals = new Map();
  left = [];
  pullsAtOnce = 0;
  mostPullsAtOnce = 0;
  slowness = 0;
  admits = (_token, _namespace) => null;

  async start(port = 0) {
    this.http = createServer();
    this.io = new Server(this.http, { transports: ["websocket"] });
    for (const name of ["/", "/leads"]) this.#namespace(this.io.of(name));
    await new Promise((done) => this.http.listen(port, "127.0.0.1", done));
    this.port = this.http.address().port;
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Adds an item; who follows may be told or not. */
  write({ seq = this.head() + 1, hint = true } = {}) {
    this.streams.get("news").push({ seq, text: `number ${seq}` });
    if (hint) this.io.of("/").emit("stream.new", { topic: "news", seq });
  }

  head() {
    return this.streams.get("news").at(-1)?.seq ?? 0;
  }

  /** Ends every transport, as a killed process would. */
  cut() {
    for (const socket of this.io.of("/").sockets.values()) socket.conn.close();
  }

  async stop() {
    this.io.disconnectSockets(true);
    await this.io.close();
  }

  #namespace(namespace) {
    namespace.use((socket, next) => {
      const { token, ticket } = socket.handshake.auth;
      this.tokens.push(ticket ? `ticket ${ticket}` : token);
      const code = this.admits(token, namespace.name);
      next(code ? Object.assign(new Error("no"), { data: { code, message: `Refused: ${code}` } }) : undefined);
    });
    namespace.on("connection", (socket) => {
      const answer = (event, handle) =>
        socket.on(event, async (data, ack) => {
          const refusal = this.refusals.get(event);
          const done = refusal ? { ok: false, message: "no", errors: [], ...refusal } : { ok: true, data: await handle(data) };
          if (ack) ack(done);
          else if (!done.ok) socket.emit("event.refused", { event, ...done });
        });
      answer("stream.pull", (data) => this.#pull(data));
      answer("stream.follow", ({ topic }) => ({ topic, seq: this.head() }));
      answer("stream.unfollow", (data) => void this.left.push(data.topic));
      answer("stream.ack", (data) => void this.acks.push(data));
      answer("auth.refresh", ({ token, ticket }) => void this.refreshed.push(ticket ? `ticket ${ticket}` : token));
      answer("room.join", ({ kind, id }) => ({ kind, id, members: ["u1"], count: 1 }));
      answer("room.leave", ({ kind, id }) => void this.left.push(`${kind}:${id}`));
      answer("double", ({ number }) => ({ twice: 2 * number }));
      socket.on("silence", () => {});
    });
  }

  async #pull({ topic, after, limit }) {
    this.pulls.push(after);
    this.mostPullsAtOnce = Math.max(this.mostPullsAtOnce, ++this.pullsAtOnce);
    if (this.slowness) await new Promise((done) => setTimeout(done, this.slowness));
    this.pullsAtOnce -= 1;
    const rows = this.streams.get(topic);
    const items = rows.filter(({ seq }) => seq > after).slice(0, limit);
    const more = items.length === limit && items.at(-1).seq < this.head();
    return { items, more, upto: more ? items.at(-1).seq : this.head(), head: this.head() };
  }
}

/** Resolves when the condition holds. */
export async function until(condition, what = String(condition)) {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`It never came: ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

/** Long enough for what should not happen to have happened. */
export const quiet = () => new Promise((done) => setTimeout(done, 150));
