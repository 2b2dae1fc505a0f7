// Live updates from Tripfile on stock socket.io-client: topics lose nothing and repeat nothing, whatever the network does.
import { Manager } from "socket.io-client";

const PAUSE = 500;
const LONGEST_PAUSE = 15_000;
// Asking again on the same connection does not change these, and neither does another token.
const FINAL = new Set(["forbidden", "plugin_off", "unknown_topic", "unknown_namespace", "room_refused", "too_many_rooms", "another_person"]);

/** The server's answer to what it did not do. */
export class Refused extends Error {
  /** @param {{code: string, message: string, errors?: import("./index.js").Fault[]}} answer */
  constructor({ code, message, errors = [] }) {
    super(message);
    this.name = "Refused";
    this.code = code;
    this.errors = errors;
  }
}

/** @type {typeof import("./index.js").connect} */
export const connect = (url, options) => new Connection(url, options);

class Connection {
  /** @type {Map<string, Topic>} */ #topics = new Map();
  /** @type {Map<string, Space>} */ #spaces = new Map();
  /** @type {Set<import("socket.io-client").Socket>} */ #sockets = new Set();
  /** @type {Promise<string | null> | undefined} */ #token;
  #closed = false;

  /** @param {string} url @param {import("./index.js").Options} options */
  constructor(url, options) {
    this.options = { timeout: 10_000, onStatus: () => {}, onError: console.error, ...options };
    this.manager = new Manager(url, {
      reconnectionDelay: PAUSE,
      ...options.manager,
      autoConnect: false,
      transports: ["websocket"],
    });
    this.root = this.#open("/");
    this.root.on("connect", () => {
      this.options.onStatus("connected");
      for (const topic of this.#topics.values()) topic.resume();
    });
    this.root.on("disconnect", (reason) => this.#closed || this.options.onStatus("disconnected", new Error(reason)));
    for (const event of ["stream.new", "stream.head"]) {
      this.root.on(event, ({ topic, seq }) => this.#topics.get(topic)?.hint(seq));
    }
    this.root.on("stream.left", ({ topic, code }) =>
      this.#topics.get(topic)?.leave(new Refused({ code, message: `${topic} is not allowed any more` })),
    );
  }

  /** @type {import("./index.js").Connection["follow"]} */
  follow(name, options) {
    if (this.#topics.has(name)) throw new Error(`${name} is followed already`);
    const topic = new Topic(this, name, /** @type {import("./index.js").FollowOptions<any>} */ (options));
    this.#topics.set(name, topic);
    if (this.root.connected) topic.resume();
    const stop = () => {
      if (this.#topics.get(name) !== topic) return;
      topic.stop();
      this.#topics.delete(name);
      if (this.root.connected) this.root.emit("stream.unfollow", { topic: name });
    };
    return { last: () => topic.last, stop };
  }

  /** @type {import("./index.js").Connection["ack"]} */
  async ack(topic, upto) {
    await this.request(this.root, "stream.ack", { topic, upto });
  }

  /** @type {import("./index.js").Connection["space"]} */
  space(plugin) {
    const address = `/${plugin.replaceAll("_", "-")}`;
    const space = this.#spaces.get(address) ?? new Space(this, this.#open(address));
    this.#spaces.set(address, space);
    return space;
  }

  close() {
    this.#closed = true;
    for (const topic of this.#topics.values()) topic.stop();
    for (const socket of this.#sockets) socket.disconnect();
  }

  /** @param {import("socket.io-client").Socket} socket @param {string} event @param {unknown} data @returns {Promise<any>} */
  async request(socket, event, data) {
    const answer = await socket.timeout(this.options.timeout).emitWithAck(event, data);
    if (!answer.ok) throw new Refused(answer);
    return answer.data;
  }

  /** @param {string} address */
  #open(address) {
    let pause = PAUSE;
    let why = /** @type {"connect" | "refused"} */ ("connect");
    const socket = this.manager.socket(address, { auth: (give) => void this.#authenticate(why, give) });
    this.#sockets.add(socket);
    const again = () => {
      setTimeout(() => this.#closed || socket.connect(), pause * (0.5 + Math.random()));
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    };
    socket.on("disconnect", (reason) => reason === "io server disconnect" && again()); // The rights to use the plugin are gone; they may come back.
    socket.on("connect", () => {
      pause = PAUSE;
      why = "connect";
    });
    socket.on("connect_error", (error) => {
      if (socket.active) return; // The server was not reached, and the manager goes on trying.
      const { code = "refused", message = error.message } = /** @type {any} */ (error).data ?? {};
      this.options.onStatus("refused", new Refused({ code, message }), address);
      why = FINAL.has(code) ? "connect" : "refused";
      again();
    });
    socket.on("event.refused", ({ event, code, message, errors }) =>
      this.options.onError(new Refused({ code, message: `${event}: ${message}`, errors })),
    );
    socket.on("auth.expiring", async () => {
      try {
        const shown = await this.#ask("expiring");
        if (shown !== null) await this.request(socket, "auth.refresh", shown);
      } catch (error) {
        // The server closes the connection with the token, and the next one brings another.
        this.options.onError(error);
      }
    });
    socket.on("session_revoked", () => this.#end("revoked"));
    return socket.connect();
  }

  /** @param {"connect" | "refused"} why @param {(auth: object) => void} give */
  async #authenticate(why, give) {
    const { engine } = this.manager;
    try {
      const shown = await this.#ask(why);
      // Whoever took long may find another transport, which has asked for itself.
      if (shown !== null && engine === this.manager.engine) give(shown);
    } catch (error) {
      this.options.onError(error);
      engine.close(); // Otherwise the socket would wait for its answer for ever; now the manager tries again.
    }
  }

  /** What to show the server; null where nobody is signed in any more. @param {"connect" | "refused" | "expiring"} why */
  async #ask(why) {
    const { token, ticket } = this.options;
    // A ticket is good once, so each that asks gets its own; a token is asked for once for all that ask at once.
    const shown = ticket ? { ticket: await ticket(why) } : { token: await this.#shared(why, token) };
    if (Object.values(shown).includes(null)) {
      this.#end("signed_out");
      return null;
    }
    return shown;
  }

  /** @param {"connect" | "refused" | "expiring"} why @param {import("./index.js").Options["token"]} token */
  #shared(why, token) {
    this.#token ??= Promise.resolve(why)
      .then((reason) => (token ? token(reason) : null))
      .finally(() => (this.#token = undefined));
    return this.#token;
  }

  /** @param {"signed_out" | "revoked"} status */
  #end(status) {
    if (this.#closed) return;
    this.close();
    this.options.onStatus(status);
  }
}

/** Follows one topic: live events are hints, the numbers are the truth. */
class Topic {
  #hinted = -1;
  #pause = PAUSE;
  #pulling = false;
  #silent = true;
  #stopped = false;

  /** @param {Connection} connection @param {string} name @param {import("./index.js").FollowOptions<any>} options */
  constructor(connection, name, options) {
    this.connection = connection;
    this.name = name;
    this.options = options;
    this.last = options.after === "head" ? undefined : (options.after ?? 0);
  }

  /** After each connect: whatever the numbers, look. */
  resume() {
    this.#silent = false;
    this.hint(Infinity);
  }

  /** The stream has come to a number. @param {number} seq */
  hint(seq) {
    if (this.#silent || this.#stopped || seq <= (this.last ?? -1)) return;
    this.#hinted = Math.max(this.#hinted, seq);
    if (!this.#pulling) void this.#catchUp(); // Never two pulls at once: their answers could cross.
  }

  /** @param {Refused} why */
  leave(why) {
    this.#silent = true;
    this.options.onLeft?.(why);
  }

  stop() {
    this.#stopped = true;
  }

  async #catchUp() {
    this.#pulling = true;
    try {
      let more = false;
      while (!this.#stopped && (more || this.#hinted > (this.last ?? -1))) {
        this.#hinted = -1;
        more = await this.#pull();
      }
      this.#pause = PAUSE;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#pulling = false;
    }
  }

  /** @returns {Promise<boolean>} whether there is more */
  async #pull() {
    const { connection, name, options } = this;
    const ask = (/** @type {string} */ event, /** @type {object} */ data) => connection.request(connection.root, event, data);
    if (this.last === undefined) await this.#reach((await ask("stream.follow", { topic: name })).seq);
    const page = await ask("stream.pull", { topic: name, after: this.last, limit: options.limit ?? 100 });
    if (page.upto < (this.last ?? 0)) {
      const from = await options.onReset?.(page.upto); // The stream has begun anew: a database was restored.
      this.last = from ?? -1;
      if (from !== undefined) return true;
    }
    for (const item of page.items) {
      if (this.#stopped) return false;
      if (item.seq <= (this.last ?? -1)) continue;
      await options.onItem(item);
      await this.#reach(item.seq);
    }
    await this.#reach(page.upto);
    return page.more;
  }

  /** @param {number} seq */
  async #reach(seq) {
    if (seq === this.last || this.#stopped) return;
    this.last = seq;
    await this.options.save?.(seq);
  }

  /** @param {unknown} error */
  #failed(error) {
    if (this.#stopped || !this.connection.root.connected) return; // The next connect resumes.
    if (error instanceof Refused && FINAL.has(error.code)) return this.leave(error);
    this.connection.options.onError(error);
    setTimeout(() => this.hint(Infinity), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }
}

/** One plugin's namespace. */
class Space {
  /** @type {Map<string, {kind: string, id: string, options: import("./index.js").JoinOptions, pause: number, joined?: () => void, refused?: (why: unknown) => void}>} */
  #rooms = new Map();
  /** @type {Set<(why: Refused) => void>} */ #waiting = new Set();
  /** @type {Refused | undefined} */ #refusal;

  /** @param {Connection} connection @param {import("socket.io-client").Socket} socket */
  constructor(connection, socket) {
    this.connection = connection;
    this.socket = socket;
    socket.on("connect", () => {
      this.#refusal = undefined;
      this.#rooms.forEach((_, key) => void this.#enter(key));
    });
    socket.on("connect_error", (error) => {
      const { data } = /** @type {any} */ (error);
      if (FINAL.has(data?.code)) this.#refuse(new Refused(data));
    });
    socket.on("presence", (presence) => this.#rooms.get(keyOf(presence))?.options.onPresence?.(presence));
    socket.on("room.left", (left) => this.#lose(keyOf(left), new Refused({ code: left.code, message: "The room is not allowed any more" })));
  }

  /** @type {import("./index.js").Space["request"]} */
  request(event, data = {}) {
    return new Promise((resolve, reject) => {
      if (this.#refusal) return reject(this.#refusal);
      this.#waiting.add(reject);
      const answer = this.connection.request(this.socket, event, data);
      answer.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }

  /** @type {import("./index.js").Space["send"]} */
  send(event, data = {}) {
    this.socket.volatile.emit(event, data);
  }

  /** @type {import("./index.js").Space["on"]} */
  on(event, listener) {
    this.socket.on(event, listener);
    return () => void this.socket.off(event, listener);
  }

  /** @type {import("./index.js").Space["join"]} */
  join(kind, id, options = {}) {
    const key = keyOf({ kind, id });
    if (this.#rooms.has(key)) return Promise.reject(new Error(`The room ${key} is joined already`));
    if (this.#refusal) return Promise.reject(this.#refusal);
    return new Promise((resolve, reject) => {
      const leave = () => {
        if (this.#rooms.delete(key) && this.socket.connected) this.socket.emit("room.leave", { kind, id });
      };
      this.#rooms.set(key, { kind, id, options, pause: PAUSE, joined: () => resolve({ leave }), refused: reject });
      if (this.socket.connected) void this.#enter(key);
    });
  }

  /** The namespace is not for this person: nobody waits for it. @param {Refused} why */
  #refuse(why) {
    this.#refusal = why;
    this.socket.sendBuffer = []; // What is told as refused must not be sent after all.
    for (const reject of this.#waiting) reject(why);
    for (const [key, room] of this.#rooms) if (room.refused) this.#lose(key, why);
  }

  /** @param {string} key */
  async #enter(key) {
    const room = this.#rooms.get(key);
    if (!room) return;
    try {
      const presence = await this.request("room.join", { kind: room.kind, id: room.id });
      if (this.#rooms.get(key) !== room) return;
      room.refused = undefined; // From now on a refusal is `onLeft`.
      room.pause = PAUSE;
      room.joined?.();
      room.options.onPresence?.(presence);
    } catch (error) {
      if (!this.socket.connected) return; // The next connect joins.
      if (room.refused || (error instanceof Refused && FINAL.has(error.code))) return this.#lose(key, error);
      this.connection.options.onError(error);
      setTimeout(() => this.socket.connected && void this.#enter(key), room.pause);
      room.pause = Math.min(2 * room.pause, LONGEST_PAUSE);
    }
  }

  /** @param {string} key @param {unknown} why */
  #lose(key, why) {
    const room = this.#rooms.get(key);
    if (!room || !this.#rooms.delete(key)) return;
    if (room.refused) room.refused(why);
    else room.options.onLeft?.(why);
  }
}

const keyOf = (/** @type {{kind: string, id: string}} */ { kind, id }) => `${kind}:${id}`;
