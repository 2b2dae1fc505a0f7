// Stock clients: node fanout_client.js URL. Reads one command per line and answers each with a line of JSON.
//   {"connect": ["token", ...]}   opens a connection with each token
//   {"expect": 100}               waits until every connection has got so many notes, in order
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const url = process.argv[2];
const sockets = [];
let got = 0;
let disorder = 0;
let lost = 0;
let wanted = Infinity;
let finish;

const now = () => performance.timeOrigin + performance.now();

function note(socket, { seq }) {
  if (seq !== socket.next) disorder += 1;
  socket.next = seq + 1;
  got += 1;
  if (got === wanted) finish(now());
}

function open(token) {
  return new Promise((resolve, reject) => {
    const socket = io(`${url}/loadtest`, { transports: ["websocket"], forceNew: true, reconnection: false, timeout: 30_000, auth: { token } });
    socket.next = 0;
    socket.on("connect", resolve);
    socket.on("connect_error", reject);
    socket.on("disconnect", () => (lost += 1));
    socket.on("note", (data) => note(socket, data));
    sockets.push(socket);
  });
}

async function connect(tokens) {
  for (let i = 0; i < tokens.length; i += 20) await Promise.all(tokens.slice(i, i + 20).map(open));
  return { connected: sockets.length };
}

async function expect(each) {
  got = disorder = 0;
  wanted = each * sockets.length;
  for (const socket of sockets) socket.next = 0;
  const all = new Promise((resolve) => (finish = resolve));
  console.log(JSON.stringify({ ready: wanted }));
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`only ${got} of ${wanted}, ${lost} gone`)), 60_000).unref());
  return { at: await Promise.race([all, late]), disorder, lost };
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    console.log(JSON.stringify(command.connect ? await connect(command.connect) : await expect(command.expect)));
  } catch (error) {
    console.log(JSON.stringify({ error: error.message }));
  }
}
process.exit(0);
