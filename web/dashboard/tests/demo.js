// A demo of its own for the tests of the pages: virtual cars, the whole pipeline, and the pages as the api serves them.

import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const CARVETKA = `${process.env.CARGO_TARGET_DIR ?? "../../target"}/debug/carvetka`;
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const DATABASE = process.env.DEMO_DATABASE ?? "carvetka_demo_pages";
/** At most so long the demo runs; the tests end it. */
const SECONDS = 5400;
/** Three hours of the cars' lives a second: two months of them are over after eight minutes, and the story is told by then. */
const SPEED = 10_800;
/** Nobody clicks as fast as tests do. */
const REQUESTS = 10_000;
/** Until the books have something to show. */
const ENOUGH = { trips: 60, charges: 6, "fill-ups": 3 };

/**
 * Starts it, and gives the links that it prints once cars have lived for some weeks. LINKS names a file with the output of a
 * demo that runs already, PAGES another address of the pages (vite's): for those who write them.
 */
export async function startDemo() {
  if (process.env.LINKS) return { ...linksOf(readFileSync(process.env.LINKS, "utf8")), stop: () => undefined };
  const arguments_ = ["--cars", "6", "--seconds", `${SECONDS}`, "--speed", `${SPEED}`, "--requests-per-minute", `${REQUESTS}`, "--database", DATABASE, "--log", "../../.services/pages.log"];
  const demo = spawn(CARVETKA, ["demo", ...arguments_], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  await new Promise((resolve, reject) => {
    demo.stdout.on("data", (text) => {
      output += text;
      if (Object.entries(ENOUGH).every(([what, enough]) => figure(output, what) >= enough)) resolve();
    });
    demo.on("error", reject);
    demo.on("exit", () => reject(new Error(`the demo ended early:\n${output}`)));
  });
  const stop = () =>
    new Promise((resolve) => {
      demo.removeAllListeners("exit").on("exit", resolve);
      // The first asks it to finish, the second to leave.
      demo.kill("SIGTERM");
      setTimeout(() => demo.kill("SIGTERM"), 200);
    });
  return { ...linksOf(output), stop };
}

/** The newest that the demo told of this. */
function figure(output, what) {
  return Number([...output.matchAll(new RegExp(`${what} ([\\d ]+)`, "g"))].at(-1)?.[1].replaceAll(" ", "") ?? 0);
}

/** Of people, in the order in which they came, and of the operators. */
function linksOf(output) {
  const links = (of) => [...output.matchAll(of)].map(([, who, origin, token]) => ({ who, origin: process.env.PAGES ?? origin, token }));
  const people = links(/^ {2}(.+?): (http:\/\/[^/]+)\/app\/#access_token=(\S+)/gm).map(({ who: car, ...link }) => ({ car, ...link }));
  const [operators] = links(/^(what operators see): (http:\/\/[^/]+)\/app\/operator#operator_token=(\S+)/gm);
  return { people, operators };
}

function databaseUrl() {
  return process.env.DATABASE_URL.replace(/\/[^/]*$/, `/${DATABASE}`);
}

/** What those who run an installation do by hand, at the database of the demo; gives what it prints. */
export async function carvetka(...words) {
  const env = { ...process.env, DATABASE_URL: databaseUrl() };
  return (await promisify(execFile)(CARVETKA, words, { env })).stdout;
}

export async function sql(statement) {
  return (await promisify(execFile)("psql", [databaseUrl(), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement])).stdout.trim();
}

export function startBrowser() {
  const executablePath = process.env.CHROMIUM ?? BROWSERS.find(existsSync);
  if (!executablePath) throw new Error("no Chromium: set CHROMIUM to the path of one");
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

export async function carsOf({ origin, token }) {
  const answer = await fetch(`${origin}/api/cars`, { headers: { Authorization: `Bearer ${token}` } });
  return (await answer.json()).items;
}

/** A page in which this person is signed in; CAR in an address is their first car. */
export async function visit(browser, person, path, options = {}) {
  const { origin, token } = person;
  const [car] = await carsOf(person);
  const { page, faults } = await open(browser, origin, options);
  const goto = async (next, shown = page.locator("main h1").first()) => {
    await load(page, `${origin}/app${next.replace("CAR", car.id)}#access_token=${token}`, shown);
  };
  await goto(path);
  return { page, faults, goto };
}

/** The operators' page, as they come to it by their link. */
export async function visitAsOperator(browser, { origin, token }, options = {}) {
  const { page, faults } = await open(browser, origin, options);
  await load(page, `${origin}/app/operator#operator_token=${token}`, page.getByRole("heading", { name: "The pipeline" }));
  return { page, faults };
}

/** A page of which it is remembered what went wrong. */
export async function open(browser, origin, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, locale: "en-GB", ...options });
  // Others may be building on the same machine.
  page.setDefaultTimeout(60_000);
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    const { url } = message.location();
    // Connect's pages are somebody else's.
    if (message.type() === "error" && url.startsWith(origin)) faults.push(`${message.text()} ${url}`);
  });
  page.on("dialog", (dialog) => dialog.accept());
  return { page, faults };
}

async function load(page, address, shown) {
  // A page that differs in its fragment alone would not be loaded again.
  await page.goto("about:blank");
  await page.goto(address);
  await shown.waitFor();
  await page.locator(".loading").first().waitFor({ state: "detached" });
}

/** Waits for what the pipeline, and not the page, takes its time for. */
export async function until(holds, milliseconds = 30_000) {
  const end = Date.now() + milliseconds;
  while (Date.now() < end) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it did not come to that");
}
