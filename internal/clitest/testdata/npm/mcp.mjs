// The official client of MCP with a real server: so many calls of its tools, eight at once. It prints what it has noticed.
// Usage: mcp.mjs CALLS PAUSE-MS COMMAND [ARG...]
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { setTimeout } from 'node:timers/promises';

const [calls, pause, command, ...args] = process.argv.slice(2);
const transport = new StdioClientTransport({ command, args, env: process.env, stderr: 'inherit' });
const client = new Client({ name: 'relance-test', version: '1' }, { capabilities: { sampling: {} } });

const seen = { tools: 0, right: 0, asked: 0, notified: 0, complaints: [], ms: 0 };
let over = false;
client.onerror = (error) => { if (!over) seen.complaints.push(String(error)); };
client.onclose = () => { if (!over) seen.complaints.push('closed'); };
client.fallbackNotificationHandler = async () => { seen.notified++; };
// What the server asks the client, in the midst of a call.
client.setRequestHandler(CreateMessageRequestSchema, (request) => {
	seen.asked++;
	return { model: 'none', role: 'assistant', content: { type: 'text', text: `re ${request.params.messages[0].content.text}` } };
});

const kinds = [
	(i) => ['echo', { message: `m${i} äöü €` }, `Echo: m${i} äöü €`],
	(i) => ['get-sum', { a: i, b: 1 }, `The sum of ${i} and 1 is ${i + 1}.`],
	(i) => ['trigger-sampling-request', { prompt: `p${i}.`, maxTokens: 10 }, `p${i}.`],
	(i) => ['echo', { message: 'x'.repeat(i) }, `Echo: ${'x'.repeat(i)}`],
];

async function caller(next) {
	for (let i = next(); i < calls; i = next()) {
		if (pause > 0) await setTimeout(Number(pause));
		const [name, values, want] = kinds[i % kinds.length](i);
		try {
			const result = await client.callTool({ name, arguments: values });
			const text = result.content.map((part) => part.text).join();
			if (!result.isError && (text === want || (name.startsWith('trigger') && text.includes('re ') && text.includes(want)))) seen.right++;
			else seen.complaints.push(`${name} ${i}: ${JSON.stringify(result)}`);
		} catch (error) {
			seen.complaints.push(`${name} ${i}: ${error}`);
		}
	}
}

await client.connect(transport);
seen.tools = (await client.listTools()).tools.length;
const began = Date.now();
let i = 0;
await Promise.all(Array.from({ length: 8 }, () => caller(() => i++)));
seen.ms = Date.now() - began;
over = true;
await client.close();
seen.complaints.length = Math.min(seen.complaints.length, 20);
console.log(JSON.stringify(seen));
