import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";

import { connect, Refused } from "../index.js";
import { FakeGateway, quiet, until } from "./server.js";

/** @type {FakeGateway} */
let gateway;
let open = [];

beforeEach(async () => {
  gateway = await new FakeGateway().start();
});

afterEach(async () => {
  for (const connection of open) connection.close();
  open = [];
  await gateway.stop();
});

function connected(options = {}) {
  const statuses = [];
  const connection = connect(gateway.url, {
    token: () => "token",
    onStatus: (status) => statuses.push(status),
    onError: () => {},
    manager: { reconnectionDelay: 10, reconnectionDelayMax: 50 },
    ...options,
  });
  open.push(connection);
  return Object.assign(connection, { statuses });
}

function following(options = {}, connection = connected()) {
  const seen = [];
  const follow = connection.follow("news", { onItem: (item) => void seen.push(item.seq), ...options });
  return { connection, seen, follow };
}

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("following a topic", () => {
  it("brings what was written before, page by page, and then what is new", async () => {
    for (let n = 0; n < 25; n += 1) gateway.write();
    const { seen } = following({ limit: 10 });
    await until(() => seen.length === 25);
    gateway.write();
    await until(() => seen.length === 26);
    assert.deepEqual(seen, numbers(1, 26));
    assert.deepEqual(gateway.pulls, [0, 10, 20, 25]);
  });

  it("ignores what it knows already", async () => {
    gateway.write();
    const { seen } = following();
    await until(() => seen.length === 1);
    for (const seq of [1, 0, 1]) gateway.io.emit("stream.head", { topic: "news", seq });
    await quiet();
    assert.equal(gateway.pulls.length, 1);
  });

  it("closes a gap by pulling", async () => {
    const { seen, connection } = following();
    await until(() => connection.statuses.length === 1);
    for (const hint of [false, false, true]) gateway.write({ hint });
    await until(() => seen.length === 3);
    assert.deepEqual(seen, [1, 2, 3]);
  });

  it("learns from the head what no hint told", async () => {
    const { seen, connection } = following();
    await until(() => connection.statuses.length === 1);
    gateway.write({ hint: false });
    gateway.io.emit("stream.head", { topic: "news", seq: 1 });
    await until(() => seen.length === 1);
  });

  it("has one pull in flight, whatever the hints", async () => {
    gateway.slowness = 20;
    const { seen } = following();
    for (let n = 0; n < 50; n += 1) {
      gateway.write();
      await new Promise((done) => setTimeout(done, 2));
    }
    await until(() => seen.length === 50);
    assert.deepEqual(seen, numbers(1, 50));
    assert.equal(gateway.mostPullsAtOnce, 1);
    assert.ok(gateway.pulls.length < 20, `${gateway.pulls.length} pulls`);
  });

  it("goes on where it was after a reconnect", async () => {
    const { seen, connection } = following();
    await until(() => connection.statuses.length === 1);
    gateway.write();
    await until(() => seen.length === 1);
    gateway.cut();
    for (const hint of [false, false]) gateway.write({ hint });
    await until(() => seen.length === 3);
    assert.deepEqual(seen, [1, 2, 3]);
    assert.deepEqual(connection.statuses, ["connected", "disconnected", "connected"]);
  });

  it("loses nothing and repeats nothing when hints are dropped and transports die", async () => {
    gateway.slowness = 3;
    const seen = [];
    following({ limit: 7, onItem: async ({ seq }) => { await null; seen.push(seq); } });
    for (let n = 1; n <= 400; n += 1) {
      gateway.write({ hint: n % 3 === 0 || n === 400 });
      if (n % 50 === 0) gateway.cut();
      if (n % 5 === 0) await new Promise((done) => setTimeout(done, 4));
    }
    await until(() => seen.length >= 400);
    assert.deepEqual(seen, numbers(1, 400));
  });

  it("survives a server that is gone for a while", async () => {
    const { seen, connection } = following();
    await until(() => connection.statuses.includes("connected"));
    gateway.write();
    await until(() => seen.length === 1);
    const { port } = gateway;
    await gateway.stop();
    gateway.streams.get("news").push({ seq: 2 });
    await quiet();
    await gateway.start(port);
    await until(() => seen.length === 2);
    assert.deepEqual(seen, [1, 2]);
  });

  it("passes numbers that hold nothing for this person", async () => {
    const { seen, follow } = following();
    gateway.write({ seq: 5 });
    await until(() => seen.length === 1);
    assert.deepEqual(seen, [5]);
    assert.equal(follow.last(), 5);
  });

  it("saves how far it is, and begins there", async () => {
    const saved = [];
    for (let n = 0; n < 3; n += 1) gateway.write();
    const { seen } = following({ after: 1, save: (last) => void saved.push(last) });
    await until(() => seen.length === 2);
    assert.deepEqual(seen, [2, 3]);
    assert.deepEqual(saved, [2, 3]);
  });

  it("begins with what is new where that is wanted", async () => {
    for (let n = 0; n < 3; n += 1) gateway.write();
    const { seen, follow } = following({ after: "head" });
    await until(() => follow.last() === 3);
    gateway.write();
    await until(() => seen.length === 1);
    assert.deepEqual(seen, [4]);
  });

  it("brings an item again that was not dealt with, before the ones after it", async () => {
    const seen = [];
    let failures = 1;
    const onItem = async ({ seq }) => {
      if (seq === 2 && failures-- > 0) throw new Error("not now");
      seen.push(seq);
    };
    for (let n = 0; n < 3; n += 1) gateway.write();
    following({ onItem });
    await until(() => seen.length === 3);
    assert.deepEqual(seen, [1, 2, 3]);
  });

  it("tells when the stream has begun anew", async () => {
    for (let n = 0; n < 9; n += 1) gateway.write();
    const resets = [];
    const { seen, connection } = following({ onReset: (upto) => void resets.push(upto) });
    await until(() => seen.length === 9);
    gateway.streams.set("news", []);
    gateway.write({ hint: false });
    gateway.cut();
    await until(() => resets.length === 1);
    await until(() => connection.statuses.at(-1) === "connected");
    gateway.write();
    await until(() => seen.length === 10);
    assert.deepEqual([resets, seen.at(-1)], [[1], 2]);
  });

  it("reads a stream from the first again where the application wants that", async () => {
    const { seen } = following({ after: 9, onReset: () => 0 });
    gateway.write();
    gateway.write();
    await until(() => seen.length === 2);
    assert.deepEqual(seen, [1, 2]);
  });

  it("says that a topic is not allowed, and tries it after the next connect", async () => {
    const left = [];
    gateway.refusals.set("stream.pull", { code: "forbidden" });
    const { seen } = following({ onLeft: (why) => left.push(why) });
    await until(() => left.length === 1);
    assert.ok(left[0] instanceof Refused);
    gateway.refusals.clear();
    gateway.write();
    await quiet();
    assert.deepEqual(seen, []);
    gateway.cut();
    await until(() => seen.length === 1);
    gateway.io.emit("stream.left", { topic: "news", code: "plugin_off" });
    await until(() => left.length === 2);
    assert.equal(left[1].code, "plugin_off");
  });

  it("asks again when the server could not answer", async () => {
    gateway.refusals.set("stream.pull", { code: "unavailable" });
    gateway.write();
    const errors = [];
    const { seen } = following({}, connected({ onError: (error) => errors.push(error) }));
    await until(() => errors.length === 1);
    gateway.refusals.clear();
    await until(() => seen.length === 1);
  });

  it("stops", async () => {
    const { seen, follow, connection } = following();
    gateway.write();
    await until(() => seen.length === 1);
    follow.stop();
    gateway.write();
    await until(() => gateway.left.length === 1);
    await quiet();
    assert.deepEqual(seen, [1]);
    following({ after: 1 }, connection); // It may be followed anew.
  });

  it("marks as seen", async () => {
    await connected().ack("news", 4);
    assert.deepEqual(gateway.acks, [{ topic: "news", upto: 4 }]);
  });
});

describe("tokens", () => {
  it("are asked for once for every connect, whatever the namespaces", async () => {
    const asked = [];
    const connection = connected({ token: async (why) => `${why} ${asked.push(why)}` });
    connection.space("leads");
    await until(() => gateway.tokens.length === 2);
    gateway.cut();
    await until(() => gateway.tokens.length === 4);
    assert.deepEqual(gateway.tokens, ["connect 1", "connect 1", "connect 2", "connect 2"]);
  });

  it("are renewed while connected", async () => {
    const connection = connected({ token: (why) => why });
    await until(() => connection.statuses.length === 1);
    gateway.io.emit("auth.expiring", { expires_at: 1 });
    await until(() => gateway.refreshed.length === 1);
    assert.deepEqual(gateway.refreshed, ["expiring"]);
  });

  it("have tickets in their place, one for each namespace and each renewal", async () => {
    let asked = 0;
    const connection = connected({ token: undefined, ticket: async (why) => `${why} ${(asked += 1)}` });
    connection.space("leads");
    await until(() => gateway.tokens.length === 2 && connection.statuses.includes("connected"));
    gateway.io.emit("auth.expiring", { expires_at: 1 });
    await until(() => gateway.refreshed.length === 1);
    assert.deepEqual(gateway.tokens, ["ticket connect 1", "ticket connect 2"]);
    assert.deepEqual(gateway.refreshed, ["ticket expiring 3"]);
  });

  it("that are refused are asked for anew", async () => {
    gateway.admits = (token) => (token === "refused" ? null : "invalid_token");
    const connection = connected({ token: (why) => why });
    await until(() => connection.statuses.includes("connected"));
    assert.deepEqual(gateway.tokens, ["connect", "refused"]);
  });

  it("are not renewed for a namespace that is not allowed", async () => {
    gateway.admits = (_token, namespace) => (namespace === "/leads" ? "forbidden" : null);
    const connection = connected({ token: (why) => why });
    connection.space("leads");
    await until(() => gateway.tokens.length >= 3);
    assert.ok(gateway.tokens.every((why) => why === "connect"), gateway.tokens.join());
    gateway.admits = () => null;
    await until(() => connection.space("leads").socket.connected);
  });

  it("that cannot be had now are asked for again", async () => {
    let failures = 2;
    const connection = connected({ token: async () => { if (failures-- > 0) throw new Error("offline"); return "t"; } });
    await until(() => connection.statuses.includes("connected"));
    assert.deepEqual(gateway.tokens, ["t"]);
  });

  it("of nobody end the connection", async () => {
    const connection = connected({ token: () => null });
    await until(() => connection.statuses.length === 1);
    await quiet();
    assert.deepEqual([connection.statuses, gateway.tokens], [["signed_out"], []]);
  });

  it("of an ended session end it for good", async () => {
    const connection = connected();
    await until(() => connection.statuses.length === 1);
    gateway.io.emit("session_revoked", { code: "session_revoked" });
    gateway.cut();
    await until(() => connection.statuses.includes("revoked"));
    await quiet();
    assert.equal(gateway.tokens.length, 1);
  });
});

describe("a plugin's namespace", () => {
  it("answers requests", async () => {
    assert.deepEqual(await connected().space("leads").request("double", { number: 4 }), { twice: 8 });
  });

  it("tells those who ask at once that it is not for them", async () => {
    gateway.admits = (_token, namespace) => (namespace === "/leads" ? "plugin_off" : null);
    const space = connected().space("leads");
    const refused = { name: "Refused", code: "plugin_off" };
    await Promise.all([
      assert.rejects(space.request("double", { number: 4 }), refused),
      assert.rejects(space.join("lead", "1"), refused),
    ]);
    await assert.rejects(space.request("double", { number: 4 }), refused);
    await assert.rejects(space.join("lead", "1"), refused);
    gateway.admits = () => null;
    await until(() => space.socket.connected);
    assert.deepEqual(await space.request("double", { number: 4 }), { twice: 8 });
    await space.join("lead", "1");
  });

  it("tells of what was sent without asking and refused", async () => {
    const errors = [];
    gateway.refusals.set("double", { code: "too_many_requests", message: "Slowly" });
    const space = connected({ onError: (error) => errors.push(error) }).space("leads");
    await until(() => space.socket.connected);
    space.send("double", { number: 4 });
    await until(() => errors.length === 1);
    assert.deepEqual([errors[0].code, errors[0].message], ["too_many_requests", "double: Slowly"]);
  });

  it("joins again until it succeeds, where the server cannot do it now", async () => {
    const seen = [];
    const left = [];
    const options = { onPresence: ({ count }) => seen.push(count), onLeft: (why) => left.push(why) };
    await connected().space("leads").join("lead", "l1", options);
    gateway.refusals.set("room.join", { code: "unavailable" });
    gateway.cut();
    await quiet();
    gateway.refusals.clear();
    await until(() => seen.length === 2);
    assert.deepEqual(left, []);
    gateway.refusals.set("room.join", { code: "room_refused" });
    gateway.cut();
    await until(() => left.length === 1);
    assert.equal(left[0].code, "room_refused");
  });

  it("refuses with a code and the faults", async () => {
    const errors = [{ pointer: "/number", code: "type", message: "Expected an integer" }];
    gateway.refusals.set("double", { code: "invalid", message: "Invalid", errors });
    const refused = await connected().space("leads").request("double", {}).catch((error) => error);
    assert.ok(refused instanceof Refused);
    assert.deepEqual([refused.code, refused.message, refused.errors], ["invalid", "Invalid", errors]);
  });

  it("does not wait for ever", async () => {
    await assert.rejects(connected({ timeout: 50 }).space("leads").request("silence"), /timed out/);
  });

  it("hears what the plugin emits until it does not want to", async () => {
    const heard = [];
    const space = connected().space("leads");
    const stop = space.on("typing", (data) => heard.push(data));
    await space.request("double", { number: 1 });
    gateway.io.of("/leads").emit("typing", { who: "Ana" });
    await until(() => heard.length === 1);
    stop();
    gateway.io.of("/leads").emit("typing", { who: "Ana" });
    await quiet();
    assert.deepEqual(heard, [{ who: "Ana" }]);
  });

  it("joins rooms, and again after a reconnect", async () => {
    const present = [];
    const room = await connected().space("leads").join("lead", "7", { onPresence: ({ count }) => present.push(count) });
    gateway.io.of("/leads").emit("presence", { kind: "lead", id: "7", members: [], count: 2 });
    gateway.io.of("/leads").emit("presence", { kind: "lead", id: "8", members: [], count: 9 });
    await until(() => present.length === 2);
    gateway.cut();
    await until(() => present.length === 3);
    assert.deepEqual(present, [1, 2, 1]);
    room.leave();
    await until(() => gateway.left.includes("lead:7"));
  });

  it("tells when a room may not be joined, or not any more", async () => {
    const space = connected().space("leads");
    gateway.refusals.set("room.join", { code: "room_refused" });
    await assert.rejects(space.join("lead", "7"), { code: "room_refused" });
    gateway.refusals.clear();
    const left = [];
    await space.join("lead", "7", { onLeft: (why) => left.push(why.code) });
    gateway.io.of("/leads").emit("room.left", { kind: "lead", id: "7", code: "room_refused" });
    await until(() => left.length === 1);
    assert.deepEqual(left, ["room_refused"]);
  });
});
