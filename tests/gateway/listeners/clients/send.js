// Sends one mail by nodemailer as the JSON on standard input orders; prints what became of it, as JSON.
const { createTransport } = require("nodemailer");

const { transport, mail } = JSON.parse(require("fs").readFileSync(0, "utf8"));
if (mail.raw) mail.raw = Buffer.from(mail.raw, "base64");
const said = [];
const write = (entry, message, ...values) => said.push(require("util").format(message, ...values));
const logger = Object.fromEntries(["trace", "debug", "info", "warn", "error", "fatal"].map((level) => [level, write]));

createTransport({ ...transport, logger, debug: true }).sendMail(mail, (error) => {
  console.log(JSON.stringify({ is_taken: !error, said: [...said, String(error)].join("\n") }));
});
