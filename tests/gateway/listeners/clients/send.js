// Sends mails by nodemailer as the JSON on standard input orders; prints what became of each, as JSON.
const { format } = require("util");
const { createTransport } = require("nodemailer");

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];

async function send({ transport, mail }) {
  const said = [];
  const write = (entry, message, ...values) => said.push(format(message, ...values));
  const logger = Object.fromEntries(LEVELS.map((level) => [level, write]));
  if (mail.raw) mail.raw = Buffer.from(mail.raw, "base64");
  try {
    await createTransport({ ...transport, logger, transactionLog: true }).sendMail(mail);
    return { is_taken: true, said: said.join("\n") };
  } catch (error) {
    return { is_taken: false, said: [...said, error].join("\n") };
  }
}

async function sendAll(orders) {
  const outcomes = [];
  for (const order of orders) outcomes.push(await send(order));
  console.log(JSON.stringify(outcomes));
}

sendAll(JSON.parse(require("fs").readFileSync(0, "utf8")));
