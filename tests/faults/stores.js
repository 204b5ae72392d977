// The PostgreSQL and the Redis of the run (tests/support), which are killed, hung and emptied here.

import { execFile, execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const MOST = 64 * 1024 * 1024;

/** The cluster of tests/support/postgres.sh, or a standby of it. */
export class Postgres {
  constructor(folder = join(process.env.POSTGRES_FOLDER, "data"), port = Number(new URL(process.env.TEST_DATABASE_URL).port)) {
    [this.folder, this.port] = [folder, port];
    this.programs = process.env.POSTGRES_PROGRAMS;
    this.log = join(process.env.POSTGRES_FOLDER, "server.log");
  }

  url(name, port = this.port) {
    return `postgres://postgres@127.0.0.1:${port}/${name}`;
  }

  /** A program of PostgreSQL's, as the user that the cluster belongs to. */
  program(name, ...words) {
    const all = process.getuid() === 0 ? ["runuser", "-u", "postgres", "--"] : [];
    const [first, ...rest] = [...all, join(this.programs, name), ...words];
    const done = spawnSync(first, rest, { cwd: "/", stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
    if (done.status !== 0) throw new Error(`${name} ${words.join(" ")}: ${done.stderr ?? ""}${done.error ?? ""}`);
  }

  sql(text, name = "postgres") {
    const words = ["-X", "-At", "-v", "ON_ERROR_STOP=1", this.url(name), "-c", text];
    return execFileSync("psql", words, { encoding: "utf8", stdio: "pipe", maxBuffer: MOST }).trim();
  }

  /** The same without waiting for it. */
  later(text, name) {
    return run("psql", ["-X", "-At", this.url(name), "-c", text]);
  }

  create(name) {
    this.sql(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    this.sql(`CREATE DATABASE ${name}`);
  }

  /** As a crash does: nothing is ended in order. */
  crash() {
    this.program("pg_ctl", "-D", this.folder, "-m", "immediate", "-w", "-t", "30", "stop");
  }

  /** With the options of the last start. */
  start() {
    const [, options] = /-D"? "[^"]*"(.*)/.exec(readFileSync(join(this.folder, "postmaster.opts"), "utf8"));
    this.program("pg_ctl", "-D", this.folder, "-l", this.log, "-w", "-t", "60", "-o", options.trim(), "start");
  }

  isRunning() {
    return existsSync(join(this.folder, "postmaster.pid"));
  }
}

/** The Redis of tests/support/redis.sh. */
export class Redis {
  constructor() {
    this.socket = process.env.TEST_REDIS_URL.replace("unix:", "");
    this.pid = Number(process.env.REDIS_PID);
  }

  command(...words) {
    return execFileSync("redis-cli", ["-s", this.socket, ...words], { encoding: "utf8", stdio: "pipe" }).trim();
  }

  signal(name) {
    process.kill(this.pid, name);
  }
}

export const hasStores = () => Boolean(process.env.TEST_DATABASE_URL && process.env.TEST_REDIS_URL);
