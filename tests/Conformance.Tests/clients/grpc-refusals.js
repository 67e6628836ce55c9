// node grpc-refusals.js ADDRESS MODEL KEY: makes each mistake once and prints the status that it meets
import { connect, generate } from './inference-client.js';

const [address, model, key] = process.argv.slice(2);
const client = connect(address);
const hello = { model, chat: { messages: [{ role: 'user', content: 'Hello' }] }, sampling: { temperature: 0 } };
const story = { model, chat: { messages: [{ role: 'user', content: 'Tell me a story about a dog.' }] }, sampling: { temperature: 1, seed: 7 } };
console.log(JSON.stringify({
  without_key: await generate(client, hello),
  wrong_key: await generate(client, hello, { key: `${key}x` }),
  right_key: await generate(client, hello, { key }),
  temperature_out_of_range: await generate(client, { ...hello, sampling: { temperature: 3 } }, { key }),
  unknown_model: await generate(client, { ...hello, model: 'no-such-model' }, { key }),
  too_long: await generate(client, { ...hello, max_tokens: 100000 }, { key }),
  too_large: await generate(client, { ...hello, chat: { messages: [{ role: 'user', content: 'x'.repeat(8 * 1024 * 1024) }] } }, { key }),
  deadline: await generate(client, story, { key, deadlineMs: 1 }),
}));
client.close();
