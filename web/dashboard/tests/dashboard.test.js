// The dashboard in a browser, at a whole pipeline with virtual cars: `make web-test`.

import { after, before } from "node:test";

import { startBrowser, startDemo } from "./demo.js";
import { testPages } from "./pages.js";
import { takeScreenshots } from "./screenshots.js";
import { tellStory } from "./story.js";

/** What all tests are given, once it is there. */
const given = {};

before(async () => {
  const { people, stop } = await startDemo();
  const of = (model) => people.find(({ car }) => car.includes(model));
  // With a battery and agreed positions; with a tank; and somebody for whom the story begins.
  Object.assign(given, { people, stop, electric: of("ID.4"), fuelled: of("Octavia"), newcomer: of("Seal") });
  given.browser = await startBrowser();
});

after(async () => {
  await given.browser?.close();
  await given.stop?.();
});

// First, while the cars live quickly; pictures last, of books that are full.
tellStory(given);
testPages(given);
takeScreenshots(given);
