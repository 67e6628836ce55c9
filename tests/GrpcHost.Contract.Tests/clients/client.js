// One call to the contract service with the gRPC client of Node.js; prints what came of it as one line of JSON.
// Arguments: host:port, the path of contract.proto, the scenario.
'use strict';

const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, protoPath, scenario] = process.argv.slice(2);
const definition = loader.loadSync(protoPath, { longs: Number });
const { Contract } = grpc.loadPackageDefinition(definition).deepseekorleans.contract.v1;

function connect(options) {
  return new Contract(address, grpc.credentials.createInsecure(), options);
}

function unary(client, name, request, { metadata = new grpc.Metadata(), options = {} } = {}) {
  return new Promise((resolve, reject) => {
    const outcome = {};
    const call = client[name](request, metadata, options, (error, reply) => {
      outcome.reply = reply;
      outcome.error = error;
    });
    call.on('metadata', (headers) => { outcome.headers = headers; });
    call.on('status', (status) => {
      outcome.trailers = status.metadata;
      // the callback runs before or after this event, depending on the outcome
      setImmediate(() => (outcome.error ? reject(outcome.error) : resolve(outcome)));
    });
  });
}

function readAll(stream, pick) {
  return new Promise((resolve, reject) => {
    const values = [];
    stream.on('data', (reply) => values.push(pick(reply)));
    stream.on('error', reject);
    stream.on('end', () => resolve(values));
  });
}

const read = (metadata) => ({
  text: metadata.get('x-text')[0],
  data: metadata.get('x-data-bin')[0].toString('base64'),
});

const scenarios = {
  async echo(client) {
    return { text: (await unary(client, 'Echo', { text: 'grüße 模型' })).reply.text };
  },
  async stream(client) {
    return { values: await readAll(client.Count({ to: 1000 }), (reply) => reply.value) };
  },
  sum_up(client) {
    return new Promise((resolve, reject) => {
      const requests = client.Sum((error, reply) => (error ? reject(error) : resolve({ total: reply.total })));
      for (let value = 1; value <= 1000; value++) {
        requests.write({ value });
      }
      requests.end();
    });
  },
  async chat(client) {
    const call = client.Chat();
    const values = readAll(call, (reply) => reply.text);
    ['one', 'two', 'three'].forEach((text) => call.write({ text }));
    call.end();
    return { values: await values };
  },
  async deadline(client) {
    // connected first, and then a whole second: the call must have reached the service when its time is up
    await new Promise((resolve, reject) => client.waitForReady(Date.now() + 30_000, (error) => (error ? reject(error) : resolve())));
    return unary(client, 'Wait', {}, { options: { deadline: Date.now() + 1000 } });
  },
  cancel(client) {
    const call = client.Count({});
    call.once('data', () => call.cancel());
    return readAll(call, () => null);
  },
  too_large: (client) => unary(client, 'Echo', { padding: Buffer.alloc(65 * 1024) }),
  async gzip() {
    const client = connect({ 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip });
    const { text } = (await unary(client, 'Echo', { text: 'a'.repeat(1000) })).reply;
    client.close();
    return { text };
  },
  async metadata(client) {
    const metadata = new grpc.Metadata();
    metadata.set('x-text', 'plain');
    metadata.set('x-data-bin', Buffer.from(Array.from({ length: 256 }, (_, value) => value)));
    const { headers, trailers } = await unary(client, 'Reflect', {}, { metadata });
    return { headers: read(headers), trailers: read(trailers) };
  },
  fail: (client) => unary(client, 'Fail', { code: 5, message: '100 % größer: 模型\n' }),
  missing: (client) => unary(client, 'Missing', {}),
};

async function main() {
  const client = connect();
  let outcome;
  try {
    outcome = { code: 0, ...await scenarios[scenario](client) };
  } catch (error) {
    outcome = { code: error.code, details: error.details };
  }
  client.close();
  console.log(JSON.stringify(outcome));
}

main();
