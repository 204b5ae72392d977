// An SMSC for the integration tests, by npm's `smpp`, over TLS: another implementation of SMPP than ours. It does what
// it is told on standard input, one line of JSON an order, and answers each with a line (tests/it/support/smsc.rs has the
// same orders for the SMSC in Rust).
import fs from 'node:fs';
import readline from 'node:readline';
import smpp from 'smpp';

const [folder, account, password] = process.argv.slice(2);
const sessions = new Set();
const taken = [];
const counts = { binds: 0, refused_binds: 0, unbinds: 0, enquiries: 0, submits: 0 };
let mood = 'takes';
let port = 0;
let server;

function submit(session, pdu) {
  counts.submits += 1;
  const refuse = (status) => session.send(pdu.response({ command_status: status }));
  if (mood === 'throttles') return refuse(smpp.ESME_RTHROTTLED);
  if (mood === 'refuses_number') return refuse(smpp.ESME_RINVDSTADR);
  if (mood === 'fails') return refuse(smpp.ESME_RSYSERR);
  if (mood === 'cuts') return session.destroy();
  const payload = pdu.message_payload;
  const body = payload === undefined ? pdu.short_message.message : (payload.message ?? payload);
  const text = Buffer.isBuffer(body) ? smpp.encodings[pdu.data_coding === 8 ? 'UCS2' : 'ASCII'].decode(body) : body;
  const id = `m${taken.length + 1}`;
  taken.push({
    id,
    to: pdu.destination_addr,
    source: pdu.source_addr,
    source_ton: pdu.source_addr_ton,
    destination_ton: pdu.dest_addr_ton,
    coding: pdu.data_coding,
    receipt: pdu.registered_delivery & 3,
    parts: pdu.sar_total_segments ?? 1,
    text,
  });
  if (mood === 'takes_and_cuts') return session.destroy();
  if (mood === 'silent') return undefined;
  session.send(pdu.response({ message_id: id }));
  return undefined;
}

function serve(session) {
  session.on('error', () => {});
  session.on('close', () => sessions.delete(session));
  const bind = (pdu) => {
    if (mood === 'deaf') return;
    if (pdu.system_id !== account || pdu.password !== password) {
      counts.refused_binds += 1;
      session.send(pdu.response({ command_status: smpp.ESME_RBINDFAIL }));
      return;
    }
    counts.binds += 1;
    if (pdu.command === 'bind_transceiver') sessions.add(session);
    session.send(pdu.response({ system_id: 'smsc' }));
  };
  session.on('bind_transceiver', bind);
  session.on('bind_transmitter', bind);
  session.on('submit_sm', (pdu) => submit(session, pdu));
  session.on('enquire_link', (pdu) => {
    counts.enquiries += 1;
    if (mood !== 'silent') session.send(pdu.response());
  });
  session.on('unbind', (pdu) => {
    counts.unbinds += 1;
    session.send(pdu.response());
    session.close();
  });
}

const all = new Set();

function listen() {
  const tls = { key: fs.readFileSync(`${folder}/server.key`), cert: fs.readFileSync(`${folder}/server.pem`) };
  server = smpp.createServer(tls, (session) => {
    all.add(session);
    session.on('close', () => all.delete(session));
    serve(session);
  });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      port = server.address().port;
      resolve();
    });
  });
}

const orders = {
  mood: (order) => {
    mood = order.value;
    return {};
  },
  taken: () => taken,
  counts: () => ({ ...counts, bound: sessions.size }),
  receipt: async (order) => {
    const err = String(order.err).padStart(3, '0');
    const text =
      `id:${order.id} sub:001 dlvrd:001 submit date:2611281200 done date:2611281201 stat:${order.stat} err:${err} text:`;
    const [session] = sessions;
    const status = await new Promise((resolve) => {
      session.deliver_sm({ esm_class: 4, short_message: text, data_coding: 0 }, (pdu) => resolve(pdu.command_status));
    });
    return { status };
  },
  unbind: async () => {
    const [session] = sessions;
    await new Promise((resolve) => session.unbind(resolve));
    session.close();
    return {};
  },
  stop: async () => {
    for (const session of all) session.destroy();
    await new Promise((resolve) => server.close(resolve));
    return {};
  },
  listen: async () => {
    await listen();
    return {};
  },
};

await listen();
console.log(JSON.stringify({ port }));
for await (const line of readline.createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  console.log(JSON.stringify(await orders[order.do](order)));
}
process.exit(0);
