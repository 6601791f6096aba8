// A demo of its own for the tests of the pages: virtual cars, the whole pipeline, and the pages as the api serves them.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const CARVETKA = `${process.env.CARGO_TARGET_DIR ?? "../../target"}/debug/carvetka`;
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** So long the cars live; the tests take less. */
const SECONDS = 300;
/** Until the books have something to show. */
const ENOUGH_TRIPS = 40;

/**
 * Starts it, and gives the links that it prints once cars have lived for some weeks. LINKS names a file with the output of a
 * demo that runs already, PAGES another address of the pages (vite's): for those who write them.
 */
export async function startDemo() {
  if (process.env.LINKS) return { people: peopleOf(readFileSync(process.env.LINKS, "utf8")), stop: () => undefined };
  const arguments_ = ["--cars", "6", "--seconds", `${SECONDS}`, "--database", "carvetka_demo_pages", "--log", "../../.services/pages.log"];
  const demo = spawn(CARVETKA, ["demo", ...arguments_], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  await new Promise((resolve, reject) => {
    demo.stdout.on("data", (text) => {
      output += text;
      if (Number([...output.matchAll(/trips ([\d ]+)/g)].at(-1)?.[1].replaceAll(" ", "") ?? 0) >= ENOUGH_TRIPS) resolve();
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
  return { people: peopleOf(output), stop };
}

function peopleOf(output) {
  return [...output.matchAll(/^ {2}(.+?): (http:\/\/[^/]+)\/app\/#access_token=(\S+)/gm)].map(([, car, origin, token]) => ({
    car,
    origin: process.env.PAGES ?? origin,
    token,
  }));
}

export function startBrowser() {
  const executablePath = process.env.CHROMIUM ?? BROWSERS.find(existsSync);
  if (!executablePath) throw new Error("no Chromium: set CHROMIUM to the path of one");
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/** A page in which this person is signed in, and their first car. */
export async function visit(browser, { origin, token }, path, options = {}) {
  const answer = await fetch(`${origin}/api/cars`, { headers: { Authorization: `Bearer ${token}` } });
  const { items } = await answer.json();
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, locale: "en-GB", ...options });
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("dialog", (dialog) => dialog.accept());
  const goto = async (next) => {
    await page.goto(`${origin}/app${next.replace("CAR", items[0].id)}#access_token=${token}`);
    await page.locator("main h1").first().waitFor();
    await page.locator(".loading").first().waitFor({ state: "detached" });
  };
  await goto(path);
  return { page, faults, goto };
}
