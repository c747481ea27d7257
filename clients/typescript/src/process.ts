/** A simulator of one's own: `acs-sim up`, in memory, on free ports. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";

import { SimulatorUnreachable } from "./calls.js";
import { ThreeDS } from "./simulator.js";

const PARTIES = ["desk", "ds", "acs", "phone", "shop"] as const;
const READY_MILLISECONDS = 60_000;

export interface StartOptions {
  /** The program and its first arguments, `["uvx", "acs-sim"]` for instance; `["acs-sim"]` when left out. */
  command?: readonly string[] | undefined;
  /** Packs of card numbers of other systems that it is to know, such as `["stripe"]`. */
  aliases?: readonly string[] | undefined;
}

/** It ends with `close`, or with this process. */
export async function start({ command = ["acs-sim"], aliases = [] }: StartOptions = {}): Promise<ThreeDS> {
  const ports = await freePorts(PARTIES.length);
  const urls = PARTIES.map((party, index) => [party, `http://127.0.0.1:${ports[index]}`] as const);
  const [program = "acs-sim", ...first] = command;
  const known = aliases.length === 0 ? [] : ["--aliases", aliases.join(",")];
  const flags = ["up", "--fresh", "--log-level", "warning", ...known, ...urls.flatMap(([party, url]) => [`--${party}-url`, url])];
  // In a folder without settings, and without those of the environment: what runs is what the tests say.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ACS_SIM_")));
  const child = spawn(program, [...first, ...flags], { cwd: tmpdir(), env, stdio: ["ignore", "pipe", "inherit"] });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  try {
    await ready(child, program);
    const end = async () => {
      process.removeListener("exit", kill);
      await ended(child);
    };
    return await ThreeDS.connect(`http://127.0.0.1:${ports[0]}`, { end });
  } catch (error) {
    kill();
    throw error;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function ready(child: ChildProcess, program: string): Promise<void> {
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new SimulatorUnreachable([`${program} ${why}`, ...lines].join("\n")));
    const timer = setTimeout(() => fail(`was not ready within ${READY_MILLISECONDS / 1000} seconds`), READY_MILLISECONDS);
    child.once("error", (error) => fail(`cannot be started: ${error.message}`));
    child.once("exit", (code) => fail(`ended with ${code} before it was ready`));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      lines.push(line);
      if (line === "ready") {
        clearTimeout(timer);
        resolve();
      }
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = once(child, "exit");
  child.kill("SIGTERM");
  await over;
}
