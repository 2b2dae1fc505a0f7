// The peer: socket.io on node's own http server. One room for everybody; POST /emit?n= sends to it.
import { createServer } from "node:http";
import { Server } from "socket.io";

const PAD = "x".repeat(160);
const server = createServer((request, response) => {
  const url = new URL(request.url, "http://127.0.0.1");
  if (url.pathname === "/emit") {
    const n = Number(url.searchParams.get("n"));
    for (let seq = 0; seq < n; seq += 1) io.of("/loadtest").to("agency").emit("note", { seq, kind: "lead.created", text: PAD });
  }
  response.statusCode = 204;
  response.end();
});
const io = new Server(server, { transports: ["websocket"], perMessageDeflate: false });
io.of("/loadtest").on("connection", (socket) => socket.join("agency"));
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("listening"));
