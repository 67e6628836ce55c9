// node grpc-flood.js ADDRESS MODEL COUNT: opens that many generations at once and counts how they end
import { connect, generate } from './inference-client.js';

const [address, model, count] = process.argv.slice(2);
const client = connect(address);
const results = await Promise.all(Array.from({ length: Number(count) }, (_, seed) => generate(client, {
  model,
  chat: { messages: [{ role: 'user', content: 'Tell me a story about a dog.' }] },
  sampling: { temperature: 1, seed },
  max_tokens: 16,
})));
const counts = {};
for (const { status } of results) counts[status] = (counts[status] ?? 0) + 1;
console.log(JSON.stringify(counts));
client.close();
