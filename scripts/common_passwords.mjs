// common_passwords.mjs FILE: the passwords that people use most, lower case, one a line, sorted by their bytes, for
// src/identity/common_passwords.cpp to embed. The list is that of @zxcvbn-ts/language-common (MIT).
import { readFileSync, writeFileSync } from "node:fs";

const list = new URL("../node_modules/@zxcvbn-ts/language-common/src/passwords.json", import.meta.url);
const words = new Set(JSON.parse(readFileSync(list, "utf8")).map((word) => word.toLowerCase()));
const sorted = [...words].map((word) => Buffer.from(word)).sort(Buffer.compare);
writeFileSync(process.argv[2], sorted.join("\n") + "\n");
