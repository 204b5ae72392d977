// A certificate authority of the tests' own and a certificate for localhost or another name: the libraries refuse plain
// http, and their defaults stay untouched.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

function openssl(...words) {
  execFileSync("openssl", words, { stdio: ["ignore", "ignore", "pipe"] });
}

/**
 * Writes ca.pem, server.pem and server.key into the folder.
 * @param {string} folder
 * @param {string} name of the server
 * @returns {{authority: string, certificate: string, key: string}} paths
 */
export function makeCertificates(folder, name = "localhost") {
  const at = (file) => join(folder, file);
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...curve, "-days", "2", "-subj", "/CN=Préau test authority", "-utf8",
    "-keyout", at("ca.key"), "-out", at("ca.pem"),
    "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign");
  openssl("req", ...curve, "-subj", `/CN=${name}`, "-keyout", at("server.key"), "-out", at("server.csr"));
  writeFileSync(at("server.ext"), [
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=serverAuth",
    `subjectAltName=DNS:${name},IP:127.0.0.1`,
  ].join("\n"));
  openssl("x509", "-req", "-in", at("server.csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial",
    "-days", "2", "-extfile", at("server.ext"), "-out", at("server.pem"));
  return { authority: at("ca.pem"), certificate: at("server.pem"), key: at("server.key") };
}
