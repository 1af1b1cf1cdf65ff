// Reads a model with Netron's own code, without a browser, and prints the kinds of its operations as JSON.
// node read_with_netron.mjs SITE FILE: SITE is a copy of the netron package's files, with a package.json of type module.

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [site, file] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(path.join(site, name)).href);
const base = await load('base.js');
const view = await load('view.js');

// What Netron asks of the program that it runs in.
const host = {
    environment: () => undefined,
    require: (id) => load(`${id}.js`),
    asset: async (name) => fs.readFileSync(path.join(site, name), 'utf-8'),
    event: () => {},
    exception: (error) => { throw error; },
};
const context = {
    identifier: path.basename(file),
    name: path.basename(file),
    stream: new base.BinaryStream(fs.readFileSync(file)),
    asset: host.asset,
    fetch: (name) => { throw new Error(`the archive asks for another file: ${name}`); },
    require: host.require,
    error: host.exception,
};

try {
    const model = await new view.ModelFactoryService(host).open(context);
    const operations = model.modules.flatMap((graph) => graph.nodes.map((node) => node.type.identifier || node.type.name));
    console.log(JSON.stringify({ format: model.format, operations }));
} catch (error) {
    console.error(error.message.split('\n')[0]);
    process.exitCode = 1;
}
