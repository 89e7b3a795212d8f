import type { FieldError } from '../model/types';

/** The server refused, and said why in the reader's language. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: FieldError[];
  readonly extras: Record<string, unknown>;
  /** Seconds, from Retry-After. */
  readonly retryAfter: number | null;

  constructor(status: number, problem: Record<string, unknown> = {}, retryAfter: number | null = null) {
    const { type: _t, title, status: _s, detail, code, errors, ...extras } = problem;
    const sentence = typeof detail === 'string' ? detail : String(title ?? '');
    super(sentence || `HTTP ${status}`);
    this.status = status;
    this.code = typeof code === 'string' ? code : '';
    this.detail = sentence;
    this.errors = Array.isArray(errors) ? (errors as FieldError[]) : [];
    this.extras = extras;
    this.retryAfter = retryAfter;
  }

  /** The sentence about one field, if the server gave one. */
  about(field: string): string | undefined {
    return this.errors.find((e) => e.field === field)?.detail;
  }
}

/** The server could not be reached; nothing is known of what became of the call. */
export class Offline extends Error {
  override name = 'Offline';
}

export interface HttpOptions {
  base?: string;
  fetch?: typeof fetch;
  timeoutMs?: number;
  lang?: () => string;
  /** The session ended on the server. */
  onSignedOut?: (code: 'session_expired' | 'session_revoked') => void;
}

/** Bytes and headers, where JSON is not what is exchanged. */
export interface Exchange {
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  timeoutMs?: number;
}

type Query = Record<string, string | number | string[] | undefined>;
interface CallOptions {
  headers?: Record<string, string>;
  signal?: AbortSignal;
  timeoutMs?: number;
}

export class Http {
  readonly #options: HttpOptions;

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  get<T>(path: string, query?: Query, options?: CallOptions): Promise<T> {
    return this.#call('GET', path + toQuery(query), undefined, options);
  }
  post<T>(path: string, body: unknown, options?: CallOptions): Promise<T> {
    return this.#call('POST', path, body, options);
  }
  put<T>(path: string, body: unknown, options?: CallOptions): Promise<T> {
    return this.#call('PUT', path, body, options);
  }
  patch<T>(path: string, body: unknown, options?: CallOptions): Promise<T> {
    return this.#call('PATCH', path, body, options);
  }
  delete<T>(path: string, options?: CallOptions): Promise<T> {
    return this.#call('DELETE', path, undefined, options);
  }

  /** What is no JSON, as it is. */
  async text(path: string): Promise<string> {
    const { answer, text } = await this.#send('GET', path, {});
    if (!answer.ok) throw this.#refusal(answer, parse(text));
    return text;
  }

  /** A file to keep, made by the server when it is asked for. */
  async file(path: string, query?: Query): Promise<Blob> {
    const { answer, content } = await this.#receive('GET', path + toQuery(query), { timeoutMs: 60_000 }, (one) => one.blob());
    if (!answer.ok) throw this.#refusal(answer, parse(await content.text()));
    return content;
  }

  /** Answers the headers; refusals are the same as everywhere. */
  async exchange(method: string, path: string, exchange: Exchange): Promise<Headers> {
    const { answer, text } = await this.#send(method, path, exchange);
    if (!answer.ok) throw this.#refusal(answer, parse(text));
    return answer.headers;
  }

  async #call<T>(method: string, path: string, body: unknown, options: CallOptions = {}): Promise<T> {
    const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { ...options.headers, 'Content-Type': 'application/json' } };
    const { answer, text } = await this.#send(method, path, { ...options, ...json });
    const content = parse(text);
    if (!answer.ok) throw this.#refusal(answer, content);
    // A hotel's sign-in page answers 200 too: that is no answer of ours.
    if (text && content === undefined) throw new Offline('not our server');
    return content as T;
  }

  #refusal(answer: Response, content: unknown): ApiError {
    const error = new ApiError(answer.status, asProblem(content), seconds(answer.headers.get('Retry-After')));
    const offset = answer.headers.get('Upload-Offset');
    if (offset !== null) error.extras.upload_offset = Number(offset);
    this.#noticeEnd(error);
    return error;
  }

  async #send(method: string, path: string, options: Exchange) {
    const { answer, content } = await this.#receive(method, path, options, (one) => one.text());
    return { answer, text: content };
  }

  async #receive<T>(method: string, path: string, options: Exchange, read: (answer: Response) => Promise<T>) {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? this.#options.timeoutMs ?? 15_000);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    const headers: Record<string, string> = {
      Accept: 'application/json',
      'Accept-Language': this.#options.lang?.() ?? 'fr',
      ...options.headers,
    };
    try {
      const send = this.#options.fetch ?? fetch;
      const answer = await send((this.#options.base ?? '/api/v1') + path, {
        method,
        headers,
        signal,
        credentials: 'include',
        cache: 'no-store',
        body: options.body,
      });
      return { answer, content: await read(answer) };
    } catch (cause) {
      if (options.signal?.aborted) throw cause;
      throw new Offline('offline', { cause });
    }
  }

  #noticeEnd(error: ApiError): void {
    if (error.status !== 401) return;
    if (error.code === 'session_expired' || error.code === 'session_revoked') {
      this.#options.onSignedOut?.(error.code);
    }
  }
}

function toQuery(query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) params.append(name, String(one));
  }
  const text = params.toString();
  return text ? `?${text}` : '';
}

function parse(text: string): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asProblem(content: unknown): Record<string, unknown> {
  return content && typeof content === 'object' ? (content as Record<string, unknown>) : {};
}

function seconds(header: string | null): number | null {
  if (!header) return null;
  const n = Number(header);
  if (Number.isFinite(n)) return Math.max(0, n);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, (date - Date.now()) / 1000);
}
