// Sigstore's own JavaScript client, as a peer: it verifies a bundle of ours, and signs one for us.
//
//   node sigstore.mjs verify BUNDLE PUBLIC-KEY MANIFEST [RELEASE]
//   node sigstore.mjs sign PRIVATE-KEY MANIFEST RELEASE BUNDLE
//
// Keys are PEM (the private one not encrypted), MANIFEST is the file that the digest is of, and
// RELEASE is like acme/json@1.2.0. Exits with 0 if all is well, with 1 if the signature is refused,
// and with 2 if it was called wrongly.

import { createHash, createPrivateKey, createPublicKey, sign as signBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { bundleFromJSON, bundleToJSON } from "@sigstore/bundle";
import { DSSEBundleBuilder } from "@sigstore/sign";
import { Verifier, toSignedEntity, toTrustMaterial } from "@sigstore/verify";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE = "https://sigstore.dev/cosign/sign/v1";

const sha256 = (bytes, form) => createHash("sha256").update(bytes).digest(form);
const hintOf = (key) => sha256(key.export({ type: "spki", format: "der" }), "base64");

function expect(found, wanted, what) {
  if (found !== wanted) throw new Error(`${what} should be ${wanted}, and is ${found}`);
}

function verify(bundleFile, keyFile, manifestFile, release) {
  const bundle = bundleFromJSON(JSON.parse(readFileSync(bundleFile, "utf8")));
  const key = createPublicKey(readFileSync(keyFile));
  const findKey = (hint) => {
    expect(hint, hintOf(key), "the hint");
    return { publicKey: key, validFor: () => true };
  };
  // With a key of our own there is no certificate, and so no log and no time to be checked.
  const nobody = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
  const thresholds = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };
  new Verifier(toTrustMaterial(nobody, findKey), thresholds).verify(toSignedEntity(bundle));

  const { payloadType, payload } = bundle.content.dsseEnvelope;
  expect(payloadType, PAYLOAD_TYPE, "the payload's type");
  const statement = JSON.parse(payload.toString());
  expect(statement._type, STATEMENT_TYPE, "the statement's type");
  expect(statement.predicateType, PREDICATE_TYPE, "the predicate's type");
  expect(statement.subject.length, 1, "the number of subjects");
  const [{ name, digest }] = statement.subject;
  expect(digest.sha256, sha256(readFileSync(manifestFile), "hex"), "the subject's digest");
  expect(name, release ?? name, "the subject's name");
}

async function sign(keyFile, manifestFile, release, bundleFile) {
  const privateKey = createPrivateKey(readFileSync(keyFile));
  const key = { $case: "publicKey", hint: hintOf(createPublicKey(privateKey)) };
  const signer = { sign: async (data) => ({ key, signature: signBytes("sha256", data, privateKey) }) };
  const subject = [{ name: release, digest: { sha256: sha256(readFileSync(manifestFile), "hex") } }];
  const statement = { _type: STATEMENT_TYPE, subject, predicateType: PREDICATE_TYPE, predicate: {} };
  const data = Buffer.from(JSON.stringify(statement));
  const bundle = await new DSSEBundleBuilder({ signer, witnesses: [] }).create({ data, type: PAYLOAD_TYPE });
  writeFileSync(bundleFile, JSON.stringify(bundleToJSON(bundle)));
}

const [verb, ...files] = process.argv.slice(2);
const [run, counts] = { verify: [verify, [3, 4]], sign: [sign, [4]] }[verb] ?? [undefined, []];
if (!counts.includes(files.length)) {
  console.error("usage: sigstore.mjs verify BUNDLE PUBLIC-KEY MANIFEST [RELEASE] | sign PRIVATE-KEY MANIFEST RELEASE BUNDLE");
  process.exitCode = 2;
} else {
  try {
    await run(...files);
  } catch (error) {
    console.error(`refused: ${error.message}`);
    process.exitCode = 1;
  }
}
