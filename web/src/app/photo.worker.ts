import { remake } from './photo';

onmessage = (event: MessageEvent<Blob>) => {
  remake(event.data).then(
    (photo) => postMessage(photo),
    () => postMessage(null),
  );
};
