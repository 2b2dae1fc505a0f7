// Compiled, never run: what an application may write, and what it may not.
import { connect, Refused } from "../index.js";

interface Notice {
  seq: number;
  title: string;
}

const tripfile = connect("https://example.test", {
  token: async (why) => (why === "connect" ? "token" : null),
  onStatus: (status) => console.log(status === "revoked"),
});
const following = tripfile.follow<Notice>("notifications", {
  after: "head",
  onItem: ({ title }) => console.log(title.length),
  save: (last) => localStorage.setItem("last", String(last)),
  onReset: (upto) => upto,
});
const last: number | undefined = following.last();
const answer: { twice: number } = await tripfile.space("leads").request<{ twice: number }>("double", { number: last });
console.log(answer.twice, new Refused({ code: "forbidden", message: "No" }).errors.length);

// @ts-expect-error an item has a number
tripfile.follow<{ title: string }>("notifications", { onItem: () => {} });
// @ts-expect-error there is no connection without tokens
connect("https://example.test", {});
// @ts-expect-error these come as events of the topic
tripfile.space("leads").on("typing");
