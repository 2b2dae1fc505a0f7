// A person's browser: the client as it is shipped; every item, and what became of the connection, as one line of JSON.
import { connect } from "../../clients/js/index.js";

const [url, token, topic] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify({ at: Date.now(), ...line })}\n`);

const tripfile = connect(url, {
  token: () => token,
  onStatus: (status, why) => say({ status, why: why?.message }),
  onError: (error) => say({ error: String(error) }),
  // Nobody wants to wait half a minute for the end of a test.
  manager: { reconnectionDelayMax: 1_000 },
});
tripfile.follow(topic, { onItem: (item) => say({ item }) });
process.stdin.resume().on("end", () => process.exit(0)); // Whoever started it is gone.
