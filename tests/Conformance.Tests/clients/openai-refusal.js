// node openai-refusal.js BASE_URL MODEL: sends a temperature outside the range and prints the error as the client sees it
import OpenAI from 'openai';

const [baseURL, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: 'any', maxRetries: 0 });
try {
  await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }], temperature: 3 });
  console.log(JSON.stringify({ status: 200 }));
} catch (error) {
  console.log(JSON.stringify({ status: error.status, param: error.param, type: error.type, code: error.code }));
}
