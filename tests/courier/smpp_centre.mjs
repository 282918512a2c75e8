// An operator's message centre for tests/courier/kannel_route_test.cpp (SMPP 3.4): smpp_centre.mjs PORT [COUNTRIES]. Each
// message that reaches it is a line of JSON; what becomes of it says the end of its number, or for all numbers of a calling
// code COUNTRIES (JSON): "silent", nothing is heard of it, or "lost", no phone can be reached.
import smpp from "smpp";

const refusals = { "03": smpp.ESME_RINVDSTADR, "10": smpp.ESME_RTHROTTLED };
const delivered = { stat: "DELIVRD", err: "000" };
// Each with its text, as most centres send it back in a receipt: nothing of it may reach a log.
const receipts = {
  "01": [delivered],
  "02": [{ stat: "UNDELIV", err: "001" }], // unknown subscriber
  "04": [delivered],
  "05": [delivered],
  "06": [delivered, delivered],
  "08": [{ stat: "ENROUTE", err: "027" }, delivered], // phone switched off, and on again
  "09": [{ stat: "EXPIRED", err: "027", state: 3 }],
};
const countries = Object.entries(JSON.parse(process.argv[3] ?? "{}"));
const lost = [{ stat: "UNDELIV", err: "027" }];
const busy = new Set();
let number = 0, late; // what is sent late, once another message has come

function receipt(session, pdu, id, { stat, err, state }) {
  const text = `id:${id} sub:001 dlvrd:001 submit date:2311280112 done date:2311280113 stat:${stat} err:${err} ` +
    `text:${pdu.short_message.message.slice(0, 20)}`;
  const codes = state ? { receipted_message_id: id, message_state: state, network_error_code: Buffer.of(3, 0, Number(err)) } : {};
  session.deliver_sm({ source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4,
    short_message: text, ...codes });
}

function submitted(session, pdu) {
  const end = pdu.destination_addr.slice(-2);
  console.log(JSON.stringify({ number: pdu.destination_addr, number_type: pdu.dest_addr_ton, sender: pdu.source_addr,
    sender_type: pdu.source_addr_ton, coding: pdu.data_coding, reports: pdu.registered_delivery,
    valid_until: pdu.validity_period ? new Date(pdu.validity_period).getTime() : 0, text: pdu.short_message.message }));
  const first = end === "04" && !busy.has(pdu.destination_addr);
  busy.add(pdu.destination_addr);
  const refusal = first ? smpp.ESME_RTHROTTLED : refusals[end];
  if (refusal) {
    session.send(pdu.response({ command_status: refusal }));
    return;
  }
  const id = `centre-${++number}`;
  session.send(pdu.response({ message_id: id }));
  const there = countries.find(([code]) => pdu.destination_addr.startsWith(code))?.[1];
  const become = there ? { silent: [], lost }[there] : receipts[end] ?? [];
  const send = () => become.forEach((one) => receipt(session, pdu, id, one));
  late?.();
  late = undefined;
  if (end === "05") late = send;
  else send();
}

smpp.createServer((session) => {
  for (const kind of ["bind_transceiver", "enquire_link", "unbind"]) session.on(kind, (pdu) => session.send(pdu.response()));
  session.on("submit_sm", (pdu) => submitted(session, pdu));
  session.on("error", () => session.destroy());
}).listen(Number(process.argv[2]), "127.0.0.1");
