// Signs a release without a key: Sigstore's own client, against mocks of its certificate authority
// and its log, which exist only while this runs. Writes the bundle and the root to trust.
//
//   node keyless.mjs MANIFEST RELEASE BUNDLE TRUSTED-ROOT
//
// The signer is always the ISSUER and SUBJECT below.

import { createHash, generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import mock from "@sigstore/mock";
import { bundleToJSON } from "@sigstore/bundle";
import { DSSEBundleBuilder, FulcioSigner, RekorWitness } from "@sigstore/sign";

const ISSUER = "https://issuer.example.com";
const SUBJECT = "https://example.com/acme/json/release.yml@refs/heads/main";

const sha256 = (bytes, form) => createHash("sha256").update(bytes).digest(form);
const base64 = (bytes) => Buffer.from(bytes).toString("base64");

const [manifest, release, bundleFile, rootFile] = process.argv.slice(2);
const pair = (namedCurve) => generateKeyPairSync("ec", { namedCurve });
const ctlog = await mock.initializeCTLog(pair("prime256v1"));
const ca = await mock.initializeCA(pair("prime256v1"), ctlog);
const tlog = await mock.initializeTLog("https://rekor.mock", pair("prime256v1"));
// Rekor keeps the hashes of an envelope; the mock would keep the envelope.
const rekor = {
  path: "/api/v1/log/entries",
  fn: async (body) => {
    const { envelope, verifiers } = JSON.parse(body).spec.proposedContent;
    const { payload, signatures } = JSON.parse(envelope);
    const hash = (bytes) => ({ algorithm: "sha256", value: sha256(bytes, "hex") });
    const spec = {
      envelopeHash: hash(envelope),
      payloadHash: hash(Buffer.from(payload, "base64")),
      signatures: [{ signature: signatures[0].sig, verifier: verifiers[0] }],
    };
    const entry = await tlog.log({ apiVersion: "0.0.1", kind: "dsse", spec });
    return { statusCode: 201, response: JSON.stringify(entry), contentType: "application/json" };
  },
};
const handlers = [mock.fulcioHandler(ca), rekor];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (piece) => (body += piece));
  request.on("end", async () => {
    const handler = handlers.find((h) => h.path === request.url);
    const { statusCode, response: text, contentType } = await handler.fn(body);
    response.writeHead(statusCode, { "Content-Type": contentType ?? "text/plain" }).end(text);
  });
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const url = `http://127.0.0.1:${server.address().port}`;
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = { sub: SUBJECT, iss: ISSUER, aud: "sigstore", exp: 4e9 };
const getToken = async () => [part({ alg: "none" }), part(claims), ""].join(".");
const statement = {
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: release, digest: { sha256: sha256(readFileSync(manifest), "hex") } }],
  predicateType: "https://sigstore.dev/cosign/sign/v1",
  predicate: {},
};
const signer = new FulcioSigner({ fulcioBaseURL: url, identityProvider: { getToken } });
const witnesses = [new RekorWitness({ rekorBaseURL: url, entryType: "dsse" })];
const artifact = { data: Buffer.from(JSON.stringify(statement)), type: "application/vnd.in-toto+json" };
const bundle = await new DSSEBundleBuilder({ signer, witnesses }).create(artifact);
server.close();
writeFileSync(bundleFile, JSON.stringify(bundleToJSON(bundle), null, 1) + "\n");

const validFor = { start: new Date(Date.now() - 3.6e6).toISOString() };
const log = (key) => ({
  baseUrl: "https://log.mock",
  hashAlgorithm: "SHA2_256",
  publicKey: { rawBytes: base64(key), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor },
  logId: { keyId: sha256(Buffer.from(key), "base64") },
});
const root = {
  mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
  tlogs: [log(tlog.publicKey)],
  certificateAuthorities: [
    {
      subject: { organization: "sigstore.mock", commonName: "sigstore" },
      uri: "https://fulcio.mock",
      certChain: { certificates: [{ rawBytes: base64(ca.rootCertificate) }] },
      validFor,
    },
  ],
  ctlogs: [log(ctlog.publicKey)],
  timestampAuthorities: [],
};
writeFileSync(rootFile, JSON.stringify(root, null, 1) + "\n");
