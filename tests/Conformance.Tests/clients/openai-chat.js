// node openai-chat.js BASE_URL MODEL: streams one answer and prints what arrived
import OpenAI from 'openai';

const [baseURL, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: 'any', maxRetries: 0 });
const stream = await client.chat.completions.create({
  model,
  messages: [{ role: 'user', content: 'What is a silo?' }],
  temperature: 0,
  // a limit that no other test asks for: otherwise the answer may come from the response cache, all at once
  max_completion_tokens: 250,
  stream: true,
  stream_options: { include_usage: true },
});

const seen = { reasoning: '', content: '', finish_reason: null, usage: null, pieces: 0 };
for await (const chunk of stream) {
  seen.usage = chunk.usage ?? seen.usage;
  for (const choice of chunk.choices) {
    seen.reasoning += choice.delta.reasoning_content ?? '';
    seen.content += choice.delta.content ?? '';
    seen.pieces += choice.delta.reasoning_content || choice.delta.content ? 1 : 0;
    seen.finish_reason = choice.finish_reason ?? seen.finish_reason;
  }
}
console.log(JSON.stringify(seen));
