// The peer: node bullmq.js SOCKET queue|worker [CONCURRENCY]. A queue reads commands by line and answers each with JSON:
//   {"enqueue": 500, "bulk": 100}   adds jobs, so many per call; answers {"seconds": ...}
import { createInterface } from "node:readline";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";

const [path, role, concurrency] = process.argv.slice(2);
const connection = new Redis({ path, maxRetriesPerRequest: null });
const opts = { removeOnComplete: true, removeOnFail: true };
const answer = (told) => console.log(JSON.stringify(told));

if (role === "worker") {
  const worker = new Worker("bench", async () => null, { connection, concurrency: Number(concurrency) });
  await worker.waitUntilReady();
  answer({ ready: true });
} else {
  const queue = new Queue("bench", { connection });
  await queue.waitUntilReady();
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const { enqueue, bulk } = JSON.parse(line);
    const started = performance.now();
    for (let i = 0; i < enqueue; i += bulk) {
      if (bulk === 1) await queue.add("nothing", { number: i }, opts);
      else await queue.addBulk(Array.from({ length: bulk }, (_, k) => ({ name: "nothing", data: { number: i + k }, opts })));
    }
    answer({ seconds: (performance.now() - started) / 1000 });
  }
  process.exit(0);
}
