// A browser tab that does as it is told: one command per line, everything that happens as one line of JSON.
import { createInterface } from "node:readline";
import { connect } from "../../clients/js/index.js";

const { url, tokens } = JSON.parse(process.argv[2]);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const told = (error) => ({ code: error.code, message: error.message, errors: error.errors });

const tripfile = connect(url, {
  token: (why) => {
    say({ asked: why });
    return tokens.length > 1 ? tokens.shift() : tokens[0];
  },
  onStatus: (status, why) => say({ status, why: why?.message }),
  onError: (error) => say({ problem: String(error) }),
  manager: { reconnectionDelay: 100, reconnectionDelayMax: 500 },
});
const rooms = new Map();

const commands = {
  follow: ({ topic, after }) => {
    const onLeft = (why) => say({ left: topic, ...told(why) });
    tripfile.follow(topic, { after, onItem: (item) => say({ item }), onLeft });
  },
  ack: ({ topic, upto }) => tripfile.ack(topic, upto),
  request: ({ plugin, event, data }) => tripfile.space(plugin).request(event, data),
  hear: ({ plugin, event }) => void tripfile.space(plugin).on(event, (heard) => say({ heard })),
  join: async ({ plugin, kind, id }) => {
    const options = { onPresence: (presence) => say({ presence }), onLeft: (why) => say({ left: kind, ...told(why) }) };
    rooms.set(id, await tripfile.space(plugin).join(kind, id, options));
  },
  leave: ({ id }) => rooms.get(id).leave(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...more } = JSON.parse(line);
  try {
    say({ done: name, data: await commands[name](more) });
  } catch (error) {
    say({ failed: name, ...told(error) });
  }
}
process.exit(0);
