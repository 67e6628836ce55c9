// node grpc-generate.js ADDRESS MODEL: streams one answer and prints it
import { connect, generate } from './inference-client.js';

const [address, model] = process.argv.slice(2);
const client = connect(address);
console.log(JSON.stringify(await generate(client, {
  model,
  chat: { messages: [{ role: 'user', content: 'What is a silo?' }] },
  sampling: { temperature: 0 },
}, { deadlineMs: 60000 })));
client.close();
