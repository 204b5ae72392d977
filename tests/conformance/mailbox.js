// A mail server that keeps what it is handed: for the code that confirms an address.

import { createServer } from "node:net";

export class Mailbox {
  /** Every mail, as it came. */
  mails = [];

  async listen(port) {
    this.server = createServer((socket) => this.#serve(socket));
    await new Promise((done) => { this.server.listen(port, "127.0.0.1", done); });
    this.server.unref();
  }

  #serve(socket) {
    let pending = "";
    let mail;
    const say = (line) => socket.write(`${line}\r\n`);
    const take = (line) => {
      if (mail !== undefined) {
        if (line !== ".") {
          mail += `${line}\n`;
          return;
        }
        this.mails.push(mail);
        mail = undefined;
      } else if (/^DATA/i.test(line)) {
        mail = "";
        say("354 go on");
        return;
      } else if (/^QUIT/i.test(line)) {
        say("221 bye");
        socket.end();
        return;
      }
      say("250 fine");
    };
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      const lines = (pending + chunk).split("\r\n");
      pending = lines.pop();
      lines.forEach(take);
    });
    say("220 mailbox");
  }

  /** The code of the mail to an address. */
  async code(address) {
    for (let n = 0; n < 200; n += 1) {
      const mail = this.mails.find((text) => text.includes(`To: ${address}`));
      // The code is plain ASCII, whatever the encoding of the text around it.
      const found = mail && /\b(\d{6})\b/.exec(mail.slice(mail.indexOf("\n\n")));
      if (found) return found[1];
      await new Promise((done) => { setTimeout(done, 100); });
    }
    throw new Error(`no mail to ${address}: ${this.mails.length} others`);
  }
}
