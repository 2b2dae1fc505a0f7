import type { ManagerOptions } from "socket.io-client";

/** Opens a connection; it stays until `close()`, the end of the session, or a token callback that resolves null. */
export function connect(url: string, options: Options): Connection;

type Ask = (why: "connect" | "expiring" | "refused") => Promise<string | null> | string | null;

interface WithToken {
  /**
   * Gives an access token, or null when nobody is signed in any more. `refused`: the server did not take the last one;
   * `expiring`: the one in use ends within a minute. Refresh it then. One that rejects is asked again.
   */
  token: Ask;
  ticket?: undefined;
}

interface WithTicket {
  /**
   * Where the page's tokens are in cookies: gives a ticket from `POST /api/v1/auth/socket-ticket`, or null when nobody
   * is signed in any more. Each is good once, so it is asked for every namespace.
   */
  ticket: Ask;
  token?: undefined;
}

/** `token` or `ticket`, and what may be left out. */
export type Options = (WithToken | WithTicket) & Settings;

export interface Settings {
  /** `namespace`: what was refused; `/` is the connection itself, others are plugins that are not for this person. */
  onStatus?: (status: Status, why?: Error, namespace?: string) => void;
  /** What went wrong and is tried again, what `onItem` and `save` throw, what was `send` and refused. Default: `console.error`. */
  onError?: (error: unknown) => void;
  /** Milliseconds to wait for an answer; default 10,000. */
  timeout?: number;
  /** More for the Manager of socket.io-client, such as `path`. */
  manager?: Partial<ManagerOptions>;
}

/** `revoked`: the session was ended, sign in again. After `revoked` and `signed_out` the connection is closed. */
export type Status = "connected" | "disconnected" | "refused" | "revoked" | "signed_out";

export interface Connection {
  /** Calls `onItem` for each item of a topic: in order, none missing, none twice, over any number of reconnects. */
  follow<Item extends Numbered>(topic: string, options: FollowOptions<Item>): Following;
  /** The person has seen everything up to a number. */
  ack(topic: string, upto: number): Promise<void>;
  /** The namespace of a plugin; the same object for the same name. */
  space(plugin: string): Space;
  close(): void;
}

export interface Numbered {
  seq: number;
}

export interface FollowOptions<Item extends Numbered> {
  /** The last number that was dealt with: what `save` was given last. Default 0; `"head"` begins with what is new. */
  after?: number | "head";
  /** The next item comes when it has resolved; when it rejects, the same item comes again a little later. */
  onItem: (item: Item) => void | Promise<void>;
  /** Keeps the last number over a reload. Called after each item, and where numbers passed without one for us. */
  save?: (last: number) => void | Promise<void>;
  /**
   * The stream has begun anew, and is at `upto` now: read the state again. Return a number to follow from there
   * (0: from the first), nothing to go on with what is new.
   */
  onReset?: (upto: number) => number | void | Promise<number | void>;
  /** The topic is not allowed any more; it is tried again after the next connect. */
  onLeft?: (why: Refused) => void;
  /** Items to ask for at once; default 100, at most 200. */
  limit?: number;
}

export interface Following {
  /** The last number dealt with; undefined until `"head"` is known. */
  last(): number | undefined;
  stop(): void;
}

export interface Space {
  /** Asks the plugin and resolves with its `data`; rejects with Refused, also where the plugin is not for this person, or an Error when there is no answer in time. */
  request<Data = unknown>(event: string, data?: object): Promise<Data>;
  /** Tells the plugin, without an answer; dropped while there is no connection. A refusal is told to `onError`. */
  send(event: string, data?: object): void;
  /** Listens to what the plugin emits; call the result to stop. */
  on<Data = any>(event: string, listener: (data: Data) => void): () => void;
  /** Joins a room, and again after each reconnect. Rejects with Refused, also where the plugin is not for this person; waits while there is no connection. */
  join(kind: string, id: string, options?: JoinOptions): Promise<Room>;
}

export interface JoinOptions {
  onPresence?: (presence: Presence) => void;
  /** The room is not allowed any more, or joining again was refused. */
  onLeft?: (why: unknown) => void;
}

export interface Room {
  leave(): void;
}

/** Who is in a room, each person once. */
export interface Presence {
  kind: string;
  id: string;
  members: string[];
  count: number;
}

export interface Fault {
  pointer: string;
  code: string;
  message: string;
}

/** The server's answer to what it did not do: the codes of the API's problems, and of the gateway. */
export class Refused extends Error {
  constructor(answer: { code: string; message: string; errors?: Fault[] });
  readonly name: "Refused";
  code: string;
  errors: Fault[];
}
