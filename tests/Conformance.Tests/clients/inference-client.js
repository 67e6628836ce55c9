// The generated-at-run-time gRPC client that the scripts share
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';

const proto = fileURLToPath(new URL('../../../frontend/Grpc/deepseek/v1/inference.proto', import.meta.url));

export function connect(address, options = {}) {
  const definition = loader.loadSync(proto, { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true });
  const { Inference } = grpc.loadPackageDefinition(definition).deepseek.v1;
  return new Inference(address, grpc.credentials.createInsecure(), options);
}

// Runs one generation to its end and tells what was received and how the call ended.
export function generate(client, request, { key, deadlineMs } = {}) {
  const metadata = new grpc.Metadata();
  if (key) metadata.set('authorization', `Bearer ${key}`);
  const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
  const seen = { reasoning: '', content: '', deltas: 0, end: null };
  return new Promise((resolve) => {
    const call = client.Generate(request, metadata, options);
    let error = null;
    call.on('data', (response) => {
      if (response.event === 'delta') {
        seen.deltas += 1;
        seen.reasoning += response.delta.reasoning;
        seen.content += response.delta.content;
      } else {
        seen.end = response.end;
      }
    });
    call.on('error', (failure) => { error = failure; });
    call.on('status', (status) => resolve({
      ...seen,
      status: grpc.status[status.code],
      details: status.details,
      error_code: status.metadata.get('error-code')[0] ?? null,
      error_param: status.metadata.get('error-param')[0] ?? null,
      threw: error !== null,
    }));
  });
}
