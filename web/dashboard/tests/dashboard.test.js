// The dashboard in a browser, at a whole pipeline with virtual cars: `make web-test`.

import { after, before } from "node:test";

import { startBrowser, startDemo } from "./demo.js";
import { tellJoining } from "./joining.js";
import { tellOperators } from "./operators.js";
import { testPages } from "./pages.js";
import { takeScreenshots } from "./screenshots.js";
import { tellStory } from "./story.js";
import { findWorkshops } from "./workshops.js";

/** What all tests are given, once it is there. */
const given = {};

before(async () => {
  const { people, operators, stop } = await startDemo();
  const of = (model) => people.find(({ car }) => car.includes(model));
  // With a battery and agreed positions; with a tank; and somebody for whom the story begins.
  const [electric, fuelled, newcomer] = ["ID.4", "Octavia", "Seal"].map(of);
  // Of three people each time, the third keeps to themselves where the car is.
  const shy = people[2];
  const bystander = people.find((person) => ![electric, fuelled, newcomer, shy].includes(person));
  Object.assign(given, { operators, stop, electric, fuelled, newcomer, shy, bystander });
  given.browser = await startBrowser();
});

after(async () => {
  await given.browser?.close();
  await given.stop?.();
});

// First, while the cars live quickly; pictures last, of books that are full.
tellOperators(given);
tellStory(given);
tellJoining(given);
findWorkshops(given);
testPages(given);
takeScreenshots(given);
